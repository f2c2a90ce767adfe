import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeLock } from '../src/lock.ts'

let dir: string
let file: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'quickticket-'))
  file = join(dir, 'lock')
})

afterEach(() => rmSync(dir, { recursive: true }))

test('it is refused while its owner runs, and free after', () => {
  const release = takeLock(file)
  expect(() => takeLock(file)).toThrow(`QuickTicket runs here already (pid ${process.pid})`)
  release()
  expect(existsSync(file)).toBe(false)
  takeLock(file)()
})

test('it is taken over from a process that is gone', async () => {
  const gone = spawn('/bin/sh', ['-c', 'exit'])
  await once(gone, 'exit')
  writeFileSync(file, JSON.stringify({ pid: gone.pid, parent: 1, startedAt: '1' }))
  takeLock(file)
  expect(readdirSync(dir)).toEqual(['lock'])
})

test('it is taken over when its pid belongs to another process by now', () => {
  writeFileSync(file, JSON.stringify({ pid: process.pid, parent: 1, startedAt: '1' }))
  takeLock(file)
  expect(() => takeLock(file)).toThrow('runs here already')
})
