import { setTimeout as delay } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { App } from './app.ts'
import { ConfigError } from './config.ts'
import { createLog, flushLog, type Log } from './log.ts'

export interface RunConfig {
  HOST: string
  PORT: number
  SHUTDOWN_DELAY_MS: number
  SHUTDOWN_TIMEOUT_MS: number
}

/**
 * Starts a service and runs it until a stop signal, an unhandled error, or the end of the parent process that it has an IPC
 * channel to. At a stop, readiness fails, the service answers for SHUTDOWN_DELAY_MS more, requests in flight finish, exit 0.
 */
export async function run(service: string, start: () => Promise<{ app: App; config: RunConfig; log: Log }>) {
  const started = await start().catch((error: unknown) => giveUp(createLog(service, 'info'), error))
  const { app, config, log } = started
  stopGracefully(app, config, log)
  try {
    await app.listen({ host: addressOf(config.HOST), port: config.PORT })
  } catch (error) {
    await giveUp(log, error)
  }
}

/** `localhost` has an IPv4 and an IPv6 address, and their order depends on the machine. */
function addressOf(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host
}

function stopGracefully(app: App, config: RunConfig, log: Log): void {
  const grace = closeWithGrace(
    {
      delay: config.SHUTDOWN_TIMEOUT_MS,
      onTimeout: (timeoutMs: number) =>
        log.error({ timeout_ms: timeoutMs, hung: process.getActiveResourcesInfo() }, 'did not stop in time'),
      onSecondSignal: (signal: string) => log.warn({ signal }, 'stopped by a second signal'),
    },
    async ({ signal, err }) => {
      if (err) log.fatal({ err }, 'unhandled error')
      else log.info({ signal }, 'stopping')
      app.draining = true
      if (!err) await delay(config.SHUTDOWN_DELAY_MS)
      await app.close()
      log.info('stopped')
      await flushLog(log)
    },
  )
  if (!process.send) return
  // the parent may have ended before this listener was added
  if (process.connected) process.once('disconnect', () => grace.close())
  else grace.close()
}

async function giveUp(log: Log, error: unknown): Promise<never> {
  if (error instanceof ConfigError) log.error(error.message)
  else log.error({ err: error }, startMessage(error))
  await flushLog(log)
  process.exit(1)
}

function startMessage(error: unknown): string {
  const { code, port, address, hostname = address } = error as Record<string, string | undefined>
  if (code === 'EADDRINUSE') return `port ${port} is in use: stop what listens there or set PORT`
  if (code === 'EACCES') return `port ${port} may not be opened by this user: set PORT to one above 1023`
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL')
    return `bad configuration: HOST=${JSON.stringify(hostname)} must be an address of this machine`
  return 'could not start'
}
