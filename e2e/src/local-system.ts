import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { connectControl } from '@quickticket/local/control-client'
import { COMPILE_CACHE } from './compile-cache.ts'
import { parseLog } from './log-lines.ts'
import { freePort } from './service-process.ts'
import { surroundings } from './surroundings.ts'
import type { Component, Environment, System } from './system.ts'

const MAIN = fileURLToPath(new URL('../../local/src/main.ts', import.meta.url))
const START_TIMEOUT_MS = 90_000

/** Starts a system of its own as `npm start` does, on free ports and from empty data. */
export async function startLocalSystem(environment: Environment = {}): Promise<System> {
  const dataDir = mkdtempSync(join(tmpdir(), 'quickticket-e2e-'))
  // as root, another user runs PostgreSQL
  chmodSync(dataDir, 0o755)
  const runner = spawn(process.execPath, [MAIN, '--json'], {
    env: {
      ...surroundings(),
      ...COMPILE_CACHE,
      ...(await anyPorts()),
      ...environment,
      QUICKTICKET_DATA_DIR: dataDir,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said = text(runner.stderr)
  const ended = once(runner, 'exit')
  const endedEarly = ended.then(async () => {
    throw new Error(`the system did not start:\n${await said}`)
  })
  endedEarly.catch(() => undefined)

  const control = connectControl(dataDir)
  const starting = Promise.race([control.ready(START_TIMEOUT_MS), endedEarly])
  const { components } = await starting.catch(async (error) => {
    await close()
    throw error
  })
  const portOf = (name: Component) =>
    Number(
      components
        .find(({ component }) => component === name)
        ?.address.split(':')
        .at(-1),
    )
  const urlOf = (name: Component) => `http://127.0.0.1:${portOf(name)}`

  return {
    url: {
      gateway: urlOf('gateway'),
      events: urlOf('events'),
      payments: urlOf('payments'),
      notifications: urlOf('notifications'),
    },
    postgres: {
      host: '127.0.0.1',
      port: portOf('postgres'),
      database: 'quickticket',
      user: 'quickticket',
      password: 'quickticket',
    },
    redis: portOf('redis') ? { host: '127.0.0.1', port: portOf('redis') } : undefined,
    stop: control.stop,
    kill: control.kill,
    start: control.start,
    pause: control.pause,
    resume: control.resume,
    restart: control.restart,
    logs: (service) => parseLog(readFileSync(join(dataDir, 'logs', `${service}.log`), 'utf8')),
    close,
  }

  async function close(): Promise<void> {
    runner.kill('SIGTERM')
    await ended
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function anyPorts(): Promise<Environment> {
  const components: Component[] = ['gateway', 'events', 'payments', 'notifications', 'postgres']
  const any = Object.fromEntries(components.map((name) => [`${name.toUpperCase()}_PORT`, '0']))
  // a variable of the services as well, and there 0 is no port
  return { ...any, REDIS_PORT: String(await freePort()) }
}
