import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startTestSystem, type TestSystem } from '@quickticket/testing/system'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

vi.setConfig({ testTimeout: 60_000 })

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
let system: TestSystem

beforeAll(async () => {
  system = await startTestSystem()
})

afterAll(() => system.remove())

function local(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, QUICKTICKET_DATA_DIR: system.dataDir }
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

async function post(
  path: string,
  body: object = {},
): Promise<{ status: number; json: Record<string, string> }> {
  const answer = await fetch(`${system.addresses.gateway}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, json: (await answer.json()) as Record<string, string> }
}

async function buy(quantity: number): Promise<number> {
  const { status, json } = await post('/events/4/reserve', { quantity })
  return status === 200 ? (await post(`/reserve/${json.reservation_id}/pay`)).status : status
}

test('npm run local -- refill: an event that is sold out sells again', async () => {
  expect([await buy(10), await buy(10), await buy(5), await buy(1)]).toEqual([200, 200, 200, 409])
  const { code, stdout } = await local('refill')
  expect(code).toBe(0)
  expect(stdout.split('\n')[3]).toBe('event 4  Python Workshop         +25, 25 of 50 seats are free')
  expect(await buy(1)).toBe(200)
})

test('it takes nothing more, and says in one line when the database is away', async () => {
  expect(await local('refill', 'events')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^refill is for the whole system and takes nothing more; .*\n$/),
  })
  await system.control.stop('postgres')
  expect(await local('refill')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^the refill was not possible: .*\n$/),
  })
})
