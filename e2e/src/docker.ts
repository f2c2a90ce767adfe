import { execFile, execFileSync } from 'node:child_process'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { REPOSITORY } from '@quickticket/testing/repository'
import type { Environment } from './system.ts'

export interface Output {
  code: number
  stdout: string
  stderr: string
}

/** Runs docker in the root of the repository, and returns also when it failed. */
export function tryDocker(args: string[], environment: Environment = {}, input = ''): Promise<Output> {
  return new Promise((resolve) => {
    const child = execFile('docker', args, options(environment), (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? 1) : 0
      resolve({ code, stdout, stderr })
    })
    // what ends before it has read its input says so by its exit code
    child.stdin?.on('error', () => undefined).end(input)
  })
}

/** Runs docker and returns what it wrote to its standard output; throws what it said when it failed. */
export async function docker(args: string[], environment: Environment = {}, input = ''): Promise<string> {
  const { code, stdout, stderr } = await tryDocker(args, environment, input)
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}:\n${stderr}`)
  return stdout
}

/** What a container has written to its standard output so far. */
export function containerLogs(container: string): string {
  return execFileSync('docker', ['logs', container], { ...options({}), stdio: ['ignore', 'pipe', 'pipe'] })
}

const OUTPUT_BYTES = 256 * 1024 * 1024

function options(environment: Environment) {
  return {
    cwd: REPOSITORY,
    env: { ...inheritedEnvironment(), ...environment },
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES,
  } as const
}
