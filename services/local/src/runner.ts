import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SystemState, SystemStatus } from './control-protocol.ts'
import { serveControl } from './control-server.ts'
import { compileCacheDir, controlSocket, lockFile, logsDir, openDataDir, recordFile } from './data-dir.ts'
import { endLeftovers, startGuard } from './guard.ts'
import { takeLock } from './lock.ts'
import type { Environment, Options } from './options.ts'
import { createOutput } from './output.ts'
import { planPorts } from './port-plan.ts'
import { findPostgresHome } from './postgres-home.ts'
import { findRedis } from './redis-server.ts'
import { awaitStopRequest } from './stop-request.ts'
import { createSystem, type SystemOptions } from './system.ts'
import { NO_REDIS, readyText } from './texts.ts'

/** Runs the whole system until it is asked to stop. When this returns or throws, nothing of it is left. */
export async function runSystem(options: Options, environment: Environment): Promise<void> {
  if (process.platform === 'win32')
    throw new Error('npm start needs Linux, macOS or WSL; or use Docker Compose')
  const dataDir = openDataDir(options.dataDir)
  const releaseLock = takeLock(lockFile(dataDir))
  try {
    await endLeftovers(recordFile(dataDir))
    clear(dataDir, options.fresh)
    const guard = await startGuard(recordFile(dataDir))
    const output = createOutput(logsDir(dataDir), options.json || !process.stdout.isTTY ? 'json' : 'pretty')
    const ports = await planPorts(options.ports, output.say)
    const redis = findRedis(environment.PATH ?? '')
    if (!redis) output.say(NO_REDIS)
    const inherited = { NODE_COMPILE_CACHE: compileCacheDir(dataDir), ...environment }
    await supervise({ dataDir, ports, redis, environment: inherited, guard, output })
  } finally {
    releaseLock()
  }
}

async function supervise(options: Omit<SystemOptions, 'onUnexpectedExit'>): Promise<void> {
  const { dataDir, environment, guard, output } = options
  const failed = Promise.withResolvers<never>()
  let state: SystemState = 'starting'
  const system = createSystem({
    ...options,
    onUnexpectedExit(name, { code, signal }) {
      const what = `${name} ${signal ? `was ended by ${signal}` : `exited with code ${code}`}`
      if (state === 'starting') failed.reject(new Error(`${what} during the start; see ${logsDir(dataDir)}`))
      if (state === 'ready')
        output.say(`${what} and stays down; to start it again: npm run local -- start ${name}`)
    },
  })
  const status = (): SystemStatus => ({
    state,
    pid: process.pid,
    dataDir,
    components: [...system.components.values()].map((component) => component.status()),
  })
  const stop = awaitStopRequest(environment, () => guard.endAll(0))
  const closeControl = await serveControl(controlSocket(dataDir), {
    components: system.components,
    status,
    down: () => stop.request('npm run local -- down'),
  })

  async function start() {
    await system.start()
    if (state !== 'starting') return
    state = 'ready'
    output.say(readyText(status()))
  }

  try {
    await Promise.race([start(), failed.promise, stop.requested])
    output.say(`stopping, because of ${await stop.requested}`)
  } finally {
    state = 'stopping'
    await system.stop()
    await guard.endAll(2000)
    closeControl()
    await output.close()
  }
}

function clear(dataDir: string, fresh: boolean): void {
  const data = fresh ? [findPostgresHome(dataDir).clusterDir, join(dataDir, 'redis')] : []
  for (const dir of [logsDir(dataDir), ...data]) rmSync(dir, { recursive: true, force: true })
}
