import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface Commit {
  hash: string
  /** when it was committed, in milliseconds since 1970 */
  at: number
}

const TIMEOUT_MS = 10_000
const MOST_COMMITS = 10_000
const MAX_BUFFER = 2 ** 24
/** Versions come from labels: what Git could take for a range, an option or a search is not asked for. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/

/** Whether a directory is within a Git repository that has commits. */
export async function isRepository(directory: string): Promise<boolean> {
  return (await git(directory, ['rev-parse', '--verify', '--quiet', 'HEAD'])) !== undefined
}

/** The commit of a version: a tag, the tag with a v before it, or a hash that ends it, such as `1.4.0-3f2a9c1`. */
export async function findCommit(directory: string, version: string): Promise<string | undefined> {
  if (!NAME.test(version)) return undefined
  const hash = /(?:^|[^0-9a-z])g?([0-9a-f]{7,40})$/.exec(version)?.[1]
  for (const name of [`refs/tags/${version}`, `refs/tags/v${version}`, ...(hash ? [hash] : [])]) {
    const found = await git(directory, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`])
    if (found) return found.trim()
  }
  return undefined
}

/** The commits that are in one and not yet in the other, without merges. Without the other: the one itself. */
export async function commitsBetween(
  directory: string,
  { from, to }: { from: string | undefined; to: string },
): Promise<Commit[]> {
  const range = from ? [`${from}..${to}`] : [to]
  const most = from ? MOST_COMMITS : 1
  const output = await git(directory, [
    'log',
    '--no-merges',
    `--max-count=${most}`,
    '--format=%H %ct',
    ...range,
    '--',
  ])
  return (output ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [hash = '', seconds] = line.split(' ')
      return { hash, at: Number(seconds) * 1000 }
    })
}

/** Its output; undefined when it fails. */
async function git(directory: string, args: string[]): Promise<string | undefined> {
  try {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_BUFFER }
    const { stdout } = await promisify(execFile)('git', ['-C', directory, ...args], options)
    return stdout
  } catch {
    return undefined
  }
}
