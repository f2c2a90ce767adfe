import { type ExecFileException, execFile } from 'node:child_process'
import { REPOSITORY } from '@quickticket/testing/repository'
import { clusterEnvironment } from './environment.ts'

export interface Output {
  code: number
  stdout: string
  stderr: string
}

export interface KubectlOptions {
  input?: string
  timeoutMs?: number
}

/** Longer than any `--timeout` that a test gives to kubectl itself. */
const TIMEOUT_MS = 660_000
const OUTPUT_BYTES = 64 * 1024 * 1024

/** Runs kubectl in the root of the repository, and returns also when it failed. */
export function tryKubectl(
  args: string[],
  { input = '', timeoutMs = TIMEOUT_MS }: KubectlOptions = {},
): Promise<Output> {
  return new Promise((resolve) => {
    const child = execFile(
      'kubectl',
      args,
      {
        cwd: REPOSITORY,
        env: clusterEnvironment(),
        encoding: 'utf8',
        maxBuffer: OUTPUT_BYTES,
        timeout: timeoutMs,
      },
      (error, stdout, stderr) => resolve({ ...failure(error), stdout, ...(stderr && { stderr }) }),
    )
    child.stdin?.on('error', () => undefined).end(input)
  })
}

function failure(error: ExecFileException | null): { code: number; stderr: string } {
  if (!error) return { code: 0, stderr: '' }
  if (error.code === 'ENOENT') return { code: 127, stderr: 'kubectl is not in the PATH' }
  return { code: typeof error.code === 'number' ? error.code : 1, stderr: error.message }
}

/** Runs kubectl and returns what it wrote to its standard output. @throws Error with what it complained about */
export async function kubectl(args: string[], options: KubectlOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await tryKubectl(args, options)
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`)
  return stdout
}

/** An object, or a list of them, as the API server has it. */
export async function getJson<Shape>(args: string[]): Promise<Shape> {
  return JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as Shape
}

/** Creates or changes objects. */
export function applyObjects(objects: object[], args: string[] = []): Promise<string> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  return kubectl(['apply', '-f', '-', ...args], { input: JSON.stringify(list) })
}
