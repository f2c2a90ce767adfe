import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { makeDataDir } from '@quickticket/testing/system'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../src/ports.ts'
import { findRedis, type RedisServer, startRedis } from '../src/redis-server.ts'
import { startWatchdog, type Watchdog } from '../src/watchdog.ts'

const program = findRedis(process.env.PATH ?? '')
let dataDir: string
let watchdog: Watchdog

beforeAll(async () => {
  dataDir = makeDataDir()
  watchdog = await startWatchdog()
})

afterAll(async () => {
  await watchdog.endAll(1000)
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(): Promise<RedisServer> {
  const [port = 0] = await freePorts(1)
  return startRedis({ program: program as string, dataDir, port, watchdog })
}

async function command(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(`${line}\r\nQUIT\r\n`)
  return text(socket)
}

test('where no directory of the PATH has one, there is none', () => {
  expect(findRedis('/nowhere:/proc')).toBeUndefined()
  expect(findRedis('')).toBeUndefined()
})

test.skipIf(!program)('what it holds survives a stop', async () => {
  const first = await start()
  await command(first.port, 'SET hold 42')
  expect(await first.stop()).toEqual({ code: 0, signal: null })
  const second = await start()
  expect(await command(second.port, 'GET hold')).toContain('42')
  await second.kill()
})

test.skipIf(!program)('when it cannot start, its own words are shown', async () => {
  const { port, stop } = await start()
  const second = startRedis({ program: program as string, dataDir, port, watchdog })
  await expect(second).rejects.toThrow(/Redis did not start; the end of .*redis\.log:.*bind/is)
  await stop()
})
