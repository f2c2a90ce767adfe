import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMPONENTS, type ComponentName, portVariable } from '@quickticket/local/components'
import { type Control, connectControl } from '@quickticket/local/control-client'
import type { SystemStatus } from '@quickticket/local/control-protocol'
import type { Environment } from '@quickticket/local/options'

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

const MAIN = fileURLToPath(new URL('../../local/src/main.ts', import.meta.url))
const START_TIMEOUT_MS = 60_000

/** Starts the whole system as `npm start` does, on free ports, and waits until it is ready. */
export async function startTestSystem(options: StartOptions = {}): Promise<TestSystem> {
  const runner = launchRunner(options)
  const failed = runner.exited.then((how): never => {
    throw new Error(`the runner ended (${how}):\n${runner.stderr()}`)
  })
  const status: SystemStatus = await Promise.race([runner.control.ready(START_TIMEOUT_MS), failed])
  failed.catch(() => {})
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
      ...process.env,
      ...freePorts,
      QUICKTICKET_DATA_DIR: dataDir,
      npm_lifecycle_event: undefined,
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
