import { onTestFinished } from 'vitest'
import { freePort } from './free-port.ts'
import { launchProgram, launchService, type Program, untilAlive } from './program.ts'

/** A program that ends with its test. */
export function runProgram(args: string[], variables: Record<string, string> = {}): Program {
  return endWithTest(launchProgram(args, variables))
}

/** A service that ends with its test, and that may end before; with exactly these variables, on a free port. */
export function runService(service: string, variables: Record<string, string> = {}): Program {
  return endWithTest(launchService(service, variables))
}

export type RunningService = Omit<Program, 'url'> & { url: string }

/** The same on a known port, once it answers. */
export async function startService(
  service: string,
  variables: Record<string, string> = {},
): Promise<RunningService> {
  const PORT = variables.PORT || String(await freePort())
  const program = runService(service, { ...variables, PORT })
  const url = `http://127.0.0.1:${PORT}`
  await untilAlive(program, url).catch((error: Error) => {
    throw new Error(`${service}: ${error.message}: ${program.logs.text()}`)
  })
  return { ...program, url }
}

function endWithTest(program: Program): Program {
  onTestFinished(program.end)
  return program
}
