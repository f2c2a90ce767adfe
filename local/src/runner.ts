import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { COMPONENTS } from './components.ts'
import type { SystemState, SystemStatus } from './control-protocol.ts'
import { serveControl } from './control-server.ts'
import { compileCacheDir, controlSocket, lockFile, logsDir, openDataDir, recordFile } from './data-dir.ts'
import { NO_REDIS, readyText } from './help-texts.ts'
import { takeLock } from './lock.ts'
import type { Environment, Options } from './options.ts'
import { createOutput, type Output } from './output.ts'
import { planPorts } from './port-plan.ts'
import { findPostgresHome } from './postgres-home.ts'
import { findRedis } from './redis-server.ts'
import { awaitStopRequest } from './stop-request.ts'
import { createSystem, type SystemOptions } from './system.ts'
import { endLeftovers, startWatchdog } from './watchdog.ts'

/** Runs the whole system until it is asked to stop. When this returns or throws, nothing of it is left. */
export async function runSystem(options: Options, environment: Environment): Promise<void> {
  if (process.platform === 'win32')
    throw new Error('npm start needs Linux, macOS or WSL; or use Docker Compose')
  const dataDir = openDataDir(options.dataDir)
  const releaseLock = takeLock(lockFile(dataDir))
  try {
    await endLeftovers(recordFile(dataDir))
    clear(dataDir, options.fresh)
    const watchdog = await startWatchdog(recordFile(dataDir))
    const output = createOutput(logsDir(dataDir), options.json || !process.stdout.isTTY ? 'json' : 'pretty')
    const wanted = COMPONENTS.filter((name) => name !== 'sre' || options.sre)
    const ports = await planPorts(options.ports, wanted, output.say)
    const redis = findRedis(environment.PATH ?? '')
    if (!redis) output.say(NO_REDIS)
    // it takes a moment, in which the servers can start
    void tellSlips(environment, output)
    const inherited = {
      NODE_COMPILE_CACHE: compileCacheDir(dataDir),
      // for npm run local -- faults; empty in the environment: there is no such path
      FAULT_ADMIN_TOKEN: randomUUID(),
      ...environment,
    }
    await supervise({ dataDir, ports, redis, sre: options.sre, environment: inherited, watchdog, output })
  } finally {
    releaseLock()
  }
}

async function supervise(options: Omit<SystemOptions, 'onUnexpectedExit'>): Promise<void> {
  const { dataDir, environment, watchdog, output } = options
  const failed = Promise.withResolvers<never>()
  let state: Exclude<SystemState, 'degraded'> = 'starting'
  const system = createSystem({
    ...options,
    onUnexpectedExit(name, { code, signal }) {
      const what = `${name} ${signal ? `was ended by ${signal}` : `exited with code ${code}`}`
      if (state === 'starting') failed.reject(new Error(`${what} during the start; see ${logsDir(dataDir)}`))
      if (state === 'ready')
        output.say(`${what} and stays down; to start it again: npm run local -- start ${name}`)
    },
  })
  function status(): SystemStatus {
    const components = [...system.components.values()].map((component) => component.status())
    const isDegraded = state === 'ready' && components.some((component) => component.state !== 'running')
    return { state: isDegraded ? 'degraded' : state, pid: process.pid, dataDir, components }
  }
  const stop = awaitStopRequest(environment, () => watchdog.endAll(0))
  const closeControl = await serveControl(controlSocket(dataDir), {
    components: system.components,
    status,
    storeVariables: system.storeVariables,
    down: () => stop.request('npm run local -- down'),
  })

  async function start() {
    await system.start()
    if (state !== 'starting') return
    state = 'ready'
    const usual = environment.QUICKTICKET_DATA_DIR ? dataDir : ''
    output.say(readyText(status(), usual))
  }

  try {
    await Promise.race([start(), failed.promise, stop.requested])
    output.say(`stopping, because of ${await stop.requested}`)
  } finally {
    state = 'stopping'
    await system.stop()
    await watchdog.endAll(2000)
    closeControl()
    await output.close()
  }
}

/** Most users who set a variable that no service reads have mistyped it; others have it for another program. */
async function tellSlips(environment: Environment, output: Output): Promise<void> {
  const { findSlips } = await import('./known-variables.ts')
  for (const slip of findSlips(environment)) output.say(slip)
}

function clear(dataDir: string, fresh: boolean): void {
  const data = fresh ? [findPostgresHome(dataDir).clusterDir, join(dataDir, 'redis')] : []
  for (const dir of [logsDir(dataDir), ...data]) rmSync(dir, { recursive: true, force: true })
}
