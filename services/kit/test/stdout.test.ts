import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { freePorts } from '@quickticket/local/ports'
import { expect, onTestFinished, test } from 'vitest'

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

test.each(['gateway', 'events', 'payments', 'notifications'])(
  '%s answers while the disk of its log is full, reports it once, and exits 0',
  async (service) => {
    const [PORT = 0] = await freePorts(1)
    const child = start([source(`${service}/src/server.ts`)], openSync('/dev/full', 'w'), {
      HOST: '127.0.0.1',
      PORT: String(PORT),
      DB_HOST: '127.0.0.1',
      DB_PORT: '1',
      HOLD_STORE: 'memory',
    })
    const said = text(child.stderr as NonNullable<ChildProcess['stderr']>)
    await answered(`http://127.0.0.1:${PORT}/livez`, child)
    for (let i = 0; i < 20; i++) {
      const answer = await fetch(`http://127.0.0.1:${PORT}/nowhere`)
      expect(answer.status).toBe(404)
    }
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    expect(await said).toBe(`${service}: the log cannot be written (ENOSPC), the service goes on\n`)
  },
)

test('unread lines wait up to a bound, and the number of lost lines is logged', async () => {
  const LINES = 60_000
  const program = `
    import { createLog, flushLog } from ${JSON.stringify(source('kit/src/log.ts'))}
    import { setTimeout } from 'node:timers/promises'
    const log = createLog('test', 'info')
    for (let i = 0; i < ${LINES}; i++) {
      log.info({ i }, 'line')
      if (i % 500 === 0) await setTimeout(6)
    }
    await flushLog(log)`
  const child = start(['--input-type=module', '-e', program], 'pipe')
  const { stdout, stderr } = child as { stdout: NonNullable<ChildProcess['stdout']>; stderr: typeof stdout }
  const [said] = await once(stderr.setEncoding('utf8'), 'data')
  expect(said).toBe('test: the log cannot be written (it is not read), the service goes on\n')

  const lines = (await text(stdout)).trimEnd().split('\n')
  const read = lines.map((line) => JSON.parse(line) as { msg: string; lost_lines?: number })
  const lost = read.reduce((sum, { lost_lines = 0 }) => sum + lost_lines, 0)
  expect(lost).toBeGreaterThan(0)
  expect(read.filter(({ msg }) => msg === 'line').length + lost).toBe(LINES)
  expect(read).toContainEqual(expect.objectContaining({ level: 'WARNING', lost_lines: lost }))
})

function start(args: string[], stdout: number | 'pipe', env: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', stdout, 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Polls: the service cannot log that it listens. */
async function answered(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined)
    await answer?.text()
    if (answer?.ok) return
  }
  throw new Error('it ended')
}
