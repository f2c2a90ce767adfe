import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMPONENTS, type ComponentName, portVariable } from '@quickticket/local/components'
import { type Control, connectControl } from '@quickticket/local/control-client'
import type { SystemStatus } from '@quickticket/local/control-protocol'
import type { Environment } from '@quickticket/local/options'
import { isRunning } from '@quickticket/local/processes'
import { inheritedEnvironment } from './inherited-environment.ts'
import { COMPILE_CACHE } from './program.ts'
import { REPOSITORY } from './repository.ts'

export type StartOptions = {
  /** made, and removed by `remove`, when not given */
  dataDir?: string
  args?: string[]
  env?: Environment
  /** as root: run as this user */
  uid?: number
}

export type Runner = {
  pid: number
  dataDir: string
  control: Control
  stdout(): string
  stderr(): string
  /** the exit code, or the signal that ended it */
  exited: Promise<number | NodeJS.Signals | null>
}

export type TestSystem = Runner & {
  /** base URL of a service, host:port of a server */
  addresses: Record<ComponentName, string>
  /** Stops everything and removes the data. */
  remove(): Promise<void>
}

const MAIN = join(REPOSITORY, 'local/src/main.ts')
const START_TIMEOUT_MS = 90_000

/** Starts the whole system as `npm start` does, on free ports, and waits until it is ready. */
export async function startTestSystem(options: StartOptions = {}): Promise<TestSystem> {
  const runner = launchRunner(options)
  const failed = runner.exited.then((how): never => {
    throw new Error(`the runner ended (${how}):\n${runner.stderr()}`)
  })
  failed.catch(() => {})
  const starting = Promise.race([runner.control.ready(START_TIMEOUT_MS), failed])
  const status: SystemStatus = await starting.catch(async (error: unknown) => {
    if (isRunning(runner.pid)) process.kill(runner.pid, 'SIGTERM')
    await runner.exited
    throw error
  })
  const addresses = status.components.map(({ component, address }) => [component, address])
  return {
    ...runner,
    addresses: Object.fromEntries(addresses),
    async remove() {
      await runner.control.down().catch(() => {})
      await runner.exited
      rmSync(runner.dataDir, { recursive: true, force: true })
    },
  }
}

/** Starts the runner without waiting for anything. */
export function launchRunner(options: StartOptions): Runner {
  const { args, env, dataDir } = runnerCommand(options)
  const child = spawn(process.execPath, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  return {
    pid: child.pid as number,
    dataDir,
    control: connectControl(dataDir),
    stdout: () => stdout,
    stderr: () => stderr,
    exited: new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code))),
  }
}

/** What Node is to be called with. */
export function runnerCommand({ dataDir = makeDataDir(), args = [], env = {} }: StartOptions) {
  const freePorts = Object.fromEntries(COMPONENTS.map((name) => [portVariable(name), '0']))
  return {
    dataDir,
    args: [MAIN, ...args],
    env: {
      ...inheritedEnvironment(),
      ...COMPILE_CACHE,
      ...freePorts,
      QUICKTICKET_DATA_DIR: dataDir,
      ...env,
    },
  }
}

/** A new directory that PostgreSQL can use also when this is root, for it then runs as another user. */
export function makeDataDir(): string {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), 'quickticket-'))
  chmodSync(dir, 0o755)
  return dir
}
