import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { REPOSITORY } from '@quickticket/testing/repository'
import { NotReady } from './test-cluster.ts'

/** One of its own: the remote may be in use. */
export const BRANCH = 'quickticket-gitops-test'
/** What Argo CD reads; the rest of the repository is no part of this. */
const CONTENT = ['k8s/base', 'k8s/components', 'k8s/overlays']
const PLAIN = ['events', 'gateway', 'payments', 'postgres', 'redis'].map((app) => `k8s/${app}.yaml`)

/** @throws {NotReady} in words for the person who started the test */
export function gitRemote(): { remote: string; url: string } {
  const { QUICKTICKET_GIT_REMOTE: remote, QUICKTICKET_GIT_URL: url } = process.env
  if (remote && url) return { remote, url }
  throw new NotReady(
    'the part gitops needs a Git repository that it may push to and Argo CD may read:\n' +
      'QUICKTICKET_GIT_REMOTE is what `git push` takes, as /srv/quickticket.git, and\n' +
      `QUICKTICKET_GIT_URL what Argo CD takes; only the branch ${BRANCH} is written`,
  )
}

export interface Repository {
  /** Commits and pushes. @returns the commit */
  change(path: string, replaced: string | RegExp, by: string, message: string): Promise<string>
  /** `git revert HEAD` and a push. @returns the commit */
  revert(): Promise<string>
  /** The last lines of `git log --oneline`, newest first, without ids. */
  messages(count: number): Promise<string[]>
  /** Removes the branch. */
  close(): Promise<void>
}

/** Pushes k8s/ as it is in the working tree, so that a change is tested before it is committed. */
export async function openRepository(remote: string): Promise<Repository> {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-gitops-'))
  const git = async (...args: string[]) => {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost']
    const options = { cwd: directory, env: inheritedEnvironment() }
    return (await promisify(execFile)('git', [...identity, ...args], options)).stdout.trim()
  }
  const push = async () => {
    await git('push', '--quiet', '--force', remote, `HEAD:refs/heads/${BRANCH}`)
    return git('rev-parse', 'HEAD')
  }
  for (const path of [...CONTENT, ...PLAIN]) {
    mkdirSync(join(directory, dirname(path)), { recursive: true })
    cpSync(join(REPOSITORY, path), join(directory, path), { recursive: true })
  }
  await git('init', '--quiet')
  await git('add', '.')
  await git('commit', '--quiet', '-m', 'feat: manifests')
  await push()

  return {
    async change(path, replaced, by, message) {
      const file = join(directory, path)
      const text = readFileSync(file, 'utf8')
      const changed = text.replace(replaced, by)
      if (changed === text) throw new Error(`${path} has nothing to replace: ${replaced}`)
      writeFileSync(file, changed)
      await git('commit', '--quiet', '--all', '-m', message)
      return push()
    },
    async revert() {
      await git('revert', 'HEAD', '--no-edit')
      return push()
    },
    async messages(count) {
      return (await git('log', `-${count}`, '--format=%s')).split('\n')
    },
    async close() {
      await git('push', '--quiet', remote, '--delete', BRANCH)
      rmSync(directory, { recursive: true })
    },
  }
}
