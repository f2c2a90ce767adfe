import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startTestSystem } from '@quickticket/testing/system'
import { parseLog } from './log-lines.ts'
import type { Component, Environment, System } from './system.ts'

/** Starts a system of its own as `npm start` does, on free ports and from empty data. */
export async function startLocalSystem(environment: Environment = {}): Promise<System> {
  const { addresses, control, dataDir, remove } = await startTestSystem({ env: environment })
  const portOf = (name: Component) => Number(addresses[name]?.split(':').at(-1))
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
    redis: addresses.redis ? { host: '127.0.0.1', port: portOf('redis') } : undefined,
    stop: control.stop,
    kill: control.kill,
    start: control.start,
    pause: control.pause,
    resume: control.resume,
    restart: control.restart,
    logs: (service) => parseLog(readFileSync(join(dataDir, 'logs', `${service}.log`), 'utf8')),
    close: remove,
  }
}
