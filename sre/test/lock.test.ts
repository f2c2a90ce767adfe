import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { exclusively } from '../src/lock.ts'
import { openStore, type Store } from '../src/store/store.ts'

const HOUR_MS = 3_600_000
/** more than any process of a machine has */
const NO_PROCESS = 2 ** 22 + 1

function newStore(): Store {
  const directory = mkdtempSync(join(tmpdir(), 'sre-lock-'))
  const store = openStore(join(directory, 'sre.db'))
  onTestFinished(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  return store
}

function begin(store: Store, holder: string, work = async () => 'it began'): Promise<string> {
  return exclusively(store, { system: 'compose', holder, now: Date.now }, work)
}

function plantLock(store: Store, pid: number, takenAt: number, expiresAt: number): void {
  store.run(`INSERT INTO locks VALUES ('compose', 'chaos redis', ?, ?, ?)`, pid, takenAt, expiresAt)
}

test('work that takes hours keeps another one away until it ends', async () => {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const store = newStore()
  const { promise, resolve } = Promise.withResolvers<string>()
  const first = begin(store, 'chaos redis', () => promise)
  vi.advanceTimersByTime(5 * HOUR_MS)
  await expect(begin(store, 'runbook target-down')).rejects.toThrow('chaos redis is under way on compose')
  resolve('it ended')
  expect(await first).toBe('it ended')
  expect(await begin(store, 'runbook target-down')).toBe('it began')
  expect(vi.getTimerCount()).toBe(0)
})

test.each([
  ['no process has its number', NO_PROCESS, Date.now(), Date.now() + HOUR_MS],
  [
    'an older process had the number of this one',
    process.pid,
    performance.timeOrigin - 1,
    Date.now() + HOUR_MS,
  ],
  ['another program has its number now, so that it is not extended', 1, 1, Date.now() - 1],
])('what a killed process held is free: %s', async (_name, pid, takenAt, expiresAt) => {
  const store = newStore()
  plantLock(store, pid, Math.floor(takenAt), expiresAt)
  expect(await begin(store, 'runbook target-down')).toBe('it began')
})

test('a database that fails while the work goes on does not end it', async () => {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const store = newStore()
  const { promise, resolve } = Promise.withResolvers<string>()
  const work = begin(store, 'chaos redis', () => promise)
  store.run('ALTER TABLE locks RENAME TO hidden')
  vi.advanceTimersByTime(HOUR_MS)
  store.run('ALTER TABLE hidden RENAME TO locks')
  resolve('it ended')
  expect(await work).toBe('it ended')
})
