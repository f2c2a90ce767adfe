import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import { expect, test } from 'vitest'
import { asSvg, asText, perSecond } from '../src/drill/curve.ts'

const LOSS_MS = 50_000
const at = (seconds: number, ok: boolean) => ({ endedAtMs: LOSS_MS + seconds * 1000, ok, orderId: undefined })
const purchases = [at(-0.5, true), at(0.1, true), at(0.2, false), at(2.9, false)]

test('purchases are counted by the second in which they ended, from the loss on', () => {
  expect(perSecond(purchases, LOSS_MS)).toEqual([
    { at: -1, failed: 0, total: 1 },
    { at: 0, failed: 1, total: 2 },
    { at: 1, failed: 0, total: 0 },
    { at: 2, failed: 1, total: 1 },
  ])
})

test('the curve as text has a line for each second, and says where there were no purchases', () => {
  expect(asText(perSecond(purchases, LOSS_MS)).split('\n')).toEqual([
    '  -1 s    0%  0/1     ',
    `   0 s   50%  1/2     ${'█'.repeat(20)}`,
    '   1 s     -  0/0     ',
    `   2 s  100%  1/1     ${'█'.repeat(40)}`,
  ])
})

test('the curve as a picture has the share of every second and the marks', () => {
  const picture = asSvg(perSecond(purchases, LOSS_MS), {
    title: 'Failed purchases',
    summary: 'RTO 3.0 s',
    marks: [{ at: 0, label: 'loss' }],
  })
  expect(/points="([^"]+)"/.exec(picture)?.[1]?.split(' ')).toHaveLength(2 * 4)
  expect(picture).toContain('>loss</text>')
  expect(picture).toContain('>Failed purchases</text>')
  expect(picture).toContain('>RTO 3.0 s</text>')
})

test.each([
  [['db-los'], 'there is no drill "db-los": it is db-loss'],
  [['db-loss', '--from', 'memory'], '--from memory must be one of dump, pitr'],
  [['db-loss', '--rps', '0'], '--rps 0 must be a whole number from 1 to 200'],
])('a wrong command, %j, is refused with the reason', (args, reason) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(REPOSITORY, 'e2e/src/drill/main.ts'), ...args],
    {
      encoding: 'utf8',
    },
  )
  expect([status, stderr.split('\n')[0]]).toEqual([2, `${reason}; npm run drill -- --help says more`])
})
