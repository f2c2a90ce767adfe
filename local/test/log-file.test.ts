import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type LogFile, openLogFile } from '../src/log-file.ts'
import { waitUntil } from '../src/wait.ts'

let path: string
let said: string[]

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'log-file-')), 'payments.log')
  said = []
})

function open(): LogFile {
  return openLogFile(path, (text) => said.push(text), 0)
}

const line = (number: number) => Buffer.from(`{"line":${number}}\n`)

test('lines are kept in their order', async () => {
  const file = open()
  for (let number = 0; number < 100; number++) file.write(line(number))
  await file.close()
  expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(100)
  expect(said).toEqual([])
})

// Linux has a disk that is always full
test.runIf(process.platform === 'linux')(
  'a full disk is told once, ends nothing, and lines are kept again when there is room',
  async () => {
    symlinkSync('/dev/full', path)
    const file = open()
    for (let number = 0; number < 20; number++) {
      file.write(line(number))
      await new Promise(setImmediate)
    }
    expect(await waitUntil(() => said.length > 0, 5000)).toBe(true)
    expect(said).toEqual([
      'payments.log cannot be written (ENOSPC): its lines are shown, but not kept until it can be written again',
    ])

    rmSync(path)
    // a line that the full disk has cut off
    writeFileSync(path, '{"line":')
    const isBack = () => {
      file.write(line(21))
      return said.length > 1
    }
    expect(await waitUntil(isBack, 5000)).toBe(true)
    await file.close()
    expect(said[1]).toMatch(/^payments.log is written again; (1[0-9]|2[0-9]) of its lines were not kept$/)
    const [cut, next] = readFileSync(path, 'utf8').split('\n')
    expect([cut, next]).toEqual(['{"line":', '{"line":21}'])
    expect(said).toHaveLength(2)
  },
)

test('a file that cannot be opened is told, and ends nothing', async () => {
  path = join(path, 'in-a-file', 'payments.log')
  writeFileSync(join(path, '..', '..'), '')
  const file = open()
  file.write(line(1))
  await file.close()
  expect(said).toEqual([expect.stringMatching(/^payments.log cannot be written \(ENOTDIR\)/)])
})
