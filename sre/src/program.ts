import { execFile } from 'node:child_process'
import { CannotTell } from './verb.ts'

/** Runs a program without a shell and returns what it writes. */
export type RunProgram = (program: string, args: string[]) => Promise<string>

const TIMEOUT_MS = 20_000
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

const INSTALL: Record<string, string> = {
  docker: 'https://docs.docker.com/engine/install',
  kubectl: 'https://kubernetes.io/docs/tasks/tools',
}

/** @throws {CannotTell} when the program is missing, fails, or takes longer than 20 s */
export const runProgram: RunProgram = (program, args) =>
  new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' } as const
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error) reject(new CannotTell(reasonOf(program, error, stderr), [program, ...args].join(' ')))
      else resolve(stdout)
    })
  })

/** @throws {CannotTell} also when the output is no JSON */
export async function runForJson<T>(run: RunProgram, program: string, args: string[]): Promise<T> {
  const output = await run(program, args)
  try {
    return JSON.parse(output) as T
  } catch {
    throw new CannotTell(`The output of ${program} is no JSON`, [program, ...args].join(' '))
  }
}

function reasonOf(
  program: string,
  error: { code?: string | number | null; killed?: boolean; message: string },
  stderr: string,
): string {
  if (error.code === 'ENOENT')
    return `There is no ${program} here; install it: ${INSTALL[program] ?? program}`
  if (error.killed) return `${program} did not answer within ${TIMEOUT_MS / 1000} s`
  const lines = stderr.trim().split('\n')
  return `${program} failed: ${lines.at(-1) || error.message}`
}
