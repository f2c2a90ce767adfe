import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { captureLog } from '@quickticket/testing/captured-log'
import { listen, sendRaw } from '@quickticket/testing/raw-http'
import { expect, test } from 'vitest'
import { exampleApp } from './example-app.ts'

test('a line is JSON with time, level, service and msg', () => {
  const { log, lines } = captureLog('debug', 'shop')
  log.info({ order_id: 'o-1' }, 'order confirmed')
  expect(lines()).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'INFO',
      service: 'shop',
      msg: 'order confirmed',
      order_id: 'o-1',
    },
  ])
})

test('levels have the names that the labs look for', () => {
  const { log, lines } = captureLog('trace')
  log.trace('a')
  log.debug('a')
  log.info('a')
  log.warn('a')
  log.error('a')
  log.fatal('a')
  expect(lines().map((line) => line.level)).toEqual(['DEBUG', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'ERROR'])
})

test('lines below LOG_LEVEL are left out', () => {
  const { log, lines } = captureLog('warn')
  log.info('no')
  log.warn('yes')
  expect(lines().map((line) => line.msg)).toEqual(['yes'])
})

test('no value can start a new line or close the JSON', () => {
  const { log, text: written } = captureLog()
  const hostile = 'x"}\n{"level":"ERROR","msg":"forged"}\r\n\u0000\u001b[31m'
  log.info({ hostile, [hostile]: 1, err: new Error(hostile) }, hostile)
  expect(written().indexOf('\n')).toBe(written().length - 1)
  expect(['\r', '\0', '\u001b'].filter((character) => written().includes(character))).toEqual([])
  expect(JSON.parse(written())).toMatchObject({ level: 'INFO', msg: hostile, hostile, [hostile]: 1 })
})

test('a request is one line with method, path, route, status and duration', async () => {
  const { log, until, lines } = captureLog()
  const app = exampleApp({ log })
  const { url } = await listen(app)
  await fetch(`${url}/things/7?token=secret`)
  await until((line) => line.msg === 'GET /things/7')
  expect(lines().filter((line) => 'request_id' in line)).toEqual([
    {
      time: expect.any(String),
      level: 'INFO',
      service: 'test',
      request_id: expect.any(String),
      trace_id: expect.any(String),
      msg: 'GET /things/7',
      method: 'GET',
      path: '/things/7',
      route: '/things/{id}',
      status: 200,
      duration_ms: expect.any(Number),
    },
  ])
  await app.close()
})

test('a request cannot forge a line, whatever bytes its path and headers have', async () => {
  const { log, until, text: written, lines } = captureLog()
  const app = exampleApp({ log })
  const { port } = await listen(app)
  const path = '/x"}%0A{"level":"ERROR","msg":"forged"}\u00e9'
  await sendRaw(
    port,
    `GET ${path} HTTP/1.1\r\nhost: a\r\nx-request-id: "}\u00e9{\r\nconnection: close\r\n\r\n`,
  )
  const line = await until(({ status }) => status === 404 || status === 400)
  expect(line).toMatchObject({ level: 'INFO', request_id: expect.stringMatching(/^[0-9a-f]{32}$/) })
  expect(written().trim().split('\n')).toHaveLength(lines().length)
  expect(lines().filter((each) => each.msg === 'forged')).toEqual([])
  await app.close()
})

test.each([60, 997, 5000])(
  'lines are written in the background, and a flush writes all %d of them',
  async (lines) => {
    const log = fileURLToPath(new URL('../src/log.ts', import.meta.url))
    const program = `
    import { createLog, flushLog } from ${JSON.stringify(log)}
    const log = createLog('test', 'info')
    for (let i = 0; i < ${lines}; i++) log.info({ i }, 'line')
    await flushLog(log)
    process.kill(process.pid, 'SIGKILL')`
    expect(await run(program)).toBe(lines)
  },
)

test('process.exit loses no line', async () => {
  const log = fileURLToPath(new URL('../src/log.ts', import.meta.url))
  const program = `
    import { createLog } from ${JSON.stringify(log)}
    const log = createLog('test', 'info')
    for (let i = 0; i < 500; i++) log.info({ i }, 'line')
    process.exit()`
  expect(await run(program)).toBe(500)
})

test('with sync, a line is written before the call returns', async () => {
  const log = fileURLToPath(new URL('../src/log.ts', import.meta.url))
  const program = `
    import { createLog } from ${JSON.stringify(log)}
    const log = createLog('test', 'info', { sync: true })
    for (let i = 0; i < 500; i++) log.info({ i }, 'line')
    process.kill(process.pid, 'SIGKILL')`
  expect(await run(program)).toBe(500)
})

/** Runs a program to its end, and counts the whole lines that it wrote. */
async function run(program: string): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const written = await text(child.stdout)
  return written.split('\n').filter((line) => line.endsWith('}') && JSON.parse(line).msg === 'line').length
}
