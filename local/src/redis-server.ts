import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { controlProcess, type Exit, type RunningProcess } from './running-process.ts'
import { createTail } from './tail.ts'
import { waitUntil } from './wait.ts'
import type { Watchdog } from './watchdog.ts'

export type RedisServer = Omit<RunningProcess, 'stop'> & {
  port: number
  /** saves what it holds */
  stop(graceMs?: number): Promise<Exit>
}

export type RedisOptions = { program: string; dataDir: string; port: number; watchdog: Watchdog }

const START_TIMEOUT_MS = 30_000

/** The server program in one of the directories of a PATH; undefined when there is none. */
export function findRedis(path: string): string | undefined {
  const directories = path.split(':').filter(Boolean)
  return ['redis-server', 'valkey-server']
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find(isExecutable)
}

/** Starts Redis on the loopback interface and waits until it has loaded its data. */
export async function startRedis({ program, dataDir, port, watchdog }: RedisOptions): Promise<RedisServer> {
  const dir = join(dataDir, 'redis')
  const logFile = join(dataDir, 'logs', 'redis.log')
  for (const directory of [dir, dirname(logFile)]) mkdirSync(directory, { recursive: true })
  const output = openSync(logFile, 'a')
  const tail = createTail(logFile)
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '60', '1', '--appendonly', 'no']
  const child = await watchdog.spawn(
    program,
    [...settings, '--dir', dir, '--dbfilename', 'dump.rdb'],
    // a locale that is not installed would keep it from starting
    { cwd: dir, env: { LC_ALL: 'C' }, stdio: ['ignore', output, output] },
    'SIGTERM',
  )
  closeSync(output)

  const server = controlProcess(child, watchdog)
  const settled = async () => !server.isRunning() || (await isReady(port, server.pid))
  const inTime = await waitUntil(settled, START_TIMEOUT_MS, 10)
  if (!inTime || !server.isRunning()) {
    await server.kill()
    throw new Error(`Redis did not start; the end of ${logFile}:\n${tail()}`)
  }
  return { ...server, port, stop: (graceMs = 10_000) => server.stop('SIGTERM', graceMs) }
}

/** PING alone could be answered by another Redis that has the port. */
async function isReady(port: number, pid: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(1000, () => socket.destroy())
  socket.end('PING\r\nINFO\r\nQUIT\r\n')
  // not ready yet: the caller asks again
  const answer = await text(socket).catch(() => '')
  return answer.startsWith('+PONG') && answer.includes(`process_id:${pid}\r\n`)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    // not there, or not for this user
    return false
  }
}
