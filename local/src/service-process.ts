import { join } from 'node:path'
import type { Launched } from './component.ts'
import type { ComponentName } from './components.ts'
import { REPOSITORY } from './data-dir.ts'
import { statusOf } from './http-status.ts'
import type { Environment } from './options.ts'
import type { Output } from './output.ts'
import { controlProcess } from './running-process.ts'
import { waitUntil } from './wait.ts'
import type { Watchdog } from './watchdog.ts'

const START_TIMEOUT_MS = 30_000

/**
 * Starts a program that serves HTTP and waits until it answers.
 *
 * @param program its file, from the root of the repository, and its arguments
 */
export async function launchService(
  name: ComponentName,
  [file, ...args]: string[],
  baseUrl: string,
  environment: Environment,
  { watchdog, output }: { watchdog: Watchdog; output: Output },
): Promise<Launched> {
  const child = await watchdog.spawn(
    process.execPath,
    [join(REPOSITORY, file as string), ...args],
    { cwd: REPOSITORY, env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
    'SIGTERM',
  )
  const followed = output.follow(name, child)
  const service = controlProcess(child, watchdog)
  const settled = async () => !service.isRunning() || (await statusOf(`${baseUrl}/livez`)) === 200
  const inTime = await waitUntil(settled, START_TIMEOUT_MS, 50)
  if (!service.isRunning()) {
    throw new Error(`${name} stopped at its start: ${explain(await followed.lastLines())}`)
  }
  if (!inTime) {
    await service.kill()
    throw new Error(`${name} did not answer ${baseUrl}/livez within ${START_TIMEOUT_MS / 1000} s`)
  }
  return { ...service, environment, stop: (graceMs) => service.stop('SIGTERM', graceMs) }
}

/** The message of its last log line of level ERROR, or all of the end when it did not come to logging. */
export function explain(lines: string[]): string {
  const errors = lines.flatMap((line) => {
    const entry = parse(line)
    return entry?.level === 'ERROR' ? entry : []
  })
  const last = errors.at(-1)
  if (!last) return lines.slice(-15).join('\n')
  return last.err?.message ? `${last.msg}: ${last.err.message}` : last.msg
}

function parse(line: string): { level: string; msg: string; err?: { message?: string } } | undefined {
  try {
    return JSON.parse(line)
  } catch {
    // output of Node.js itself, such as a stack, is not JSON
    return undefined
  }
}
