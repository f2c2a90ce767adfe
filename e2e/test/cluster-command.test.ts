import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import { describe, expect, test } from 'vitest'
import { gitRemote } from '../src/cluster/git-remote.ts'
import { PARTS } from '../src/cluster/parts.ts'

describe('npm run test:cluster', () => {
  test('lists its parts, each with a file and, if it is about a page, with the page', () => {
    const { status, stdout } = run('--list')
    expect(status).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(PARTS.length)
    for (const { name, file, page } of PARTS) {
      expect(stdout).toContain(`${name} `)
      expect(existsSync(join(REPOSITORY, 'e2e/cluster', file)), file).toBe(true)
      if (page) expect(existsSync(join(REPOSITORY, 'docs', `${page}.md`)), page).toBe(true)
    }
  })

  test('refuses a part that does not exist and an option that it does not know, and says what there is', () => {
    expect(run('--only', 'lab13')).toMatchObject({ status: 2, stderr: expect.stringContaining('lab12') })
    expect(run('--everything')).toMatchObject({ status: 2, stderr: expect.stringContaining('--everything') })
  })

  test('says which Git repository the part gitops needs', () => {
    expect(() => gitRemote()).toThrow(
      /QUICKTICKET_GIT_REMOTE is what `git push` takes.*\n.*QUICKTICKET_GIT_URL/,
    )
  })

  test('says so when there is no cluster', () => {
    const { status, stderr } = run('--only', 'lab04')
    expect(status).toBe(2)
    expect(stderr).toMatch(/^test:cluster: kubectl reaches no cluster/)
  })
})

function run(...args: string[]) {
  return spawnSync(process.execPath, [join(REPOSITORY, 'e2e/src/cluster/main.ts'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, KUBECONFIG: '/dev/null' },
  })
}
