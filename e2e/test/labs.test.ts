import { tmpdir } from 'node:os'
import { readBlocks } from '@quickticket/sre/runbook/blocks'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { afterEach, describe, expect, test } from 'vitest'
import { failureTable, markdownTable } from '../src/labs/failure-table.ts'
import { readPage, runBlock } from '../src/labs/lab.ts'
import { matchesLine, mismatch } from '../src/labs/pattern.ts'
import { openShell, type Shell } from '../src/labs/shell.ts'

describe('a page', () => {
  test('has commands, and after some of them what they write', () => {
    const page = [
      '# Lab',
      '```sh',
      'echo one',
      'echo two',
      '```',
      '',
      '```text',
      'one',
      'two',
      '```',
      '```sh',
      'true',
      '```',
      'No output belongs to it, because there is text in between:',
      '```text',
      'an example',
      '```',
      '```sh manual continue',
      'less file',
      '```',
      '```sh cluster',
      'kubectl version',
      '```',
      '```text',
      'v1',
      '```',
      '```json',
      '{}',
      '```',
    ]
    expect(readBlocks(page.join('\n'))).toEqual([
      { line: 2, script: 'echo one\necho two', expected: 'one\ntwo', runs: 'on Compose', marks: [] },
      { line: 11, script: 'true', expected: undefined, runs: 'on Compose', marks: [] },
      { line: 18, script: 'less file', expected: undefined, runs: 'by hand', marks: ['continue'] },
      { line: 21, script: 'kubectl version', expected: 'v1', runs: 'on a cluster', marks: [] },
    ])
  })

  test('with a fence that is never closed is refused', () => {
    expect(() => readBlocks('text\n```sh\ntrue')).toThrow('the fence in line 2 is never closed')
  })

  test.each([
    ['labs/lab01', 'on Compose'],
    ['labs/lab02', 'on Compose'],
    ['labs/lab07', 'on a cluster'],
  ] as const)('%s has blocks, most of them with an output', (page, runs) => {
    const blocks = readPage(page, runs)
    expect(blocks.length).toBeGreaterThan(5)
    expect(blocks.filter(({ expected }) => expected).length).toBeGreaterThan(blocks.length / 2)
  })
})

describe('a pattern', () => {
  test.each([
    ['id <uuid>.', 'id 6f1c0a7e-0b6f-4f0e-9d38-3f1e5c1b2a90.', 'id 6f1c0a7e.'],
    ['<ip>/<number>', '172.18.0.2/16', '172.18.0/16'],
    ['at <time>', 'at 2026-09-15T09:00:00+00:00', 'at 2026-09-15'],
    ['at <time>', 'at 2026-09-15T09:00:00.123Z', 'at 09:00'],
    ['<number>%', '0.0%', '-%'],
    ['<positive>%', '0.1%', '0.0%'],
    ['<positive>', '10', '00'],
    ['<word> end', 'any.thing end', 'two words end'],
    ['[<any>]', '[]', '('],
    ['pay <502|503>', 'pay 503', 'pay 504'],
    ['a.b <html> $x (1+1)', 'a.b <html> $x (1+1)', 'a_b <html> $x (1+1)'],
  ])('%s is like %s and not like %s', (pattern, like, unlike) => {
    expect(matchesLine(pattern, like)).toBe(true)
    expect(matchesLine(pattern, unlike)).toBe(false)
  })

  test('does not care how many blanks there are', () => {
    expect(mismatch('NAME  STATUS\na  up', '\nNAME STATUS  \na      up\n\n')).toBeUndefined()
  })

  test('leaves out any number of lines', () => {
    const pattern = 'first\n…\nlast'
    expect(mismatch(pattern, 'first\nlast')).toBeUndefined()
    expect(mismatch(pattern, 'first\nlast\nmore\nlast')).toBeUndefined()
    expect(mismatch(pattern, 'first\nmore')).toBeDefined()
    expect(mismatch('…', '')).toBeUndefined()
    expect(mismatch('…\n…\nx', 'y\n'.repeat(2000))).toBeDefined()
  })

  test('says where it differs', () => {
    expect(mismatch('one\ntwo <number>\nthree', 'one\ntwo zero\nthree')?.diff).toBe(
      [
        'the page says:',
        '  one',
        '> two <number>',
        '  three',
        '  (end)',
        '',
        'the command wrote:',
        '  one',
        '> two zero',
        '  three',
        '  (end)',
      ].join('\n'),
    )
    expect(mismatch('one', 'one\ntwo')?.diff).toContain('  one\n> (end)\n\nthe command wrote:\n  one\n> two')
  })
})

describe('a shell', () => {
  let shell: Shell
  afterEach(() => shell.close())
  const open = () => {
    shell = openShell(tmpdir(), inheritedEnvironment())
  }

  test('keeps variables and functions from one block to the next', async () => {
    open()
    await shell.run('ID=7; show() { echo "$ID in $PWD"; }', 5000)
    expect(await shell.run('show; echo oops >&2; false', 5000)).toEqual({
      exitCode: 1,
      stdout: `7 in ${tmpdir()}\n`,
      stderr: 'oops\n',
    })
  })

  test('survives a syntax error and a command that reads its input', async () => {
    open()
    expect((await shell.run('if', 5000)).exitCode).not.toBe(0)
    expect((await shell.run('cat; echo on', 5000)).stdout).toBe('on\n')
  })

  test('gives up on a block that does not end, and on one that ends the shell', async () => {
    open()
    await expect(shell.run('echo so far; sleep 60', 300)).rejects.toThrow(/did not end within 300 ms\nso far/)
    shell.close()
    open()
    await expect(shell.run('exit 3', 5000)).rejects.toThrow('ended the shell')
  })

  test('a block that fails shows what was run, what was expected and what came', async () => {
    open()
    const block = {
      line: 12,
      script: 'echo 1; echo why >&2',
      expected: '2',
      runs: 'on Compose' as const,
      marks: [],
    }
    await expect(runBlock(shell, block)).rejects.toThrow(
      /^line 12 ended with 0:\necho 1; echo why >&2\n\nthe page says:\n> 2\n {2}\(end\)\n\nthe command wrote:\n> 1\n {2}\(end\)\n\non standard error:\nwhy/,
    )
  })
})

test('the failure table has a row for each component that was stopped and asked about', () => {
  const block = (script: string) => ({
    line: 1,
    script,
    expected: undefined,
    runs: 'on Compose' as const,
    marks: [],
  })
  const observed = failureTable([
    { block: block('hold\ndocker compose stop redis\nfour_requests'), stdout: answers(200, 503, 503, 503) },
    { block: block('docker compose stop payments\nhold\npay'), stdout: '{}\n' },
    { block: block('docker compose start redis\nfour_requests'), stdout: answers(200, 200, 200, 200) },
  ])
  expect(observed).toEqual({ redis: { list: 200, reserve: 503, pay: 503, health: 503 } })
  expect(markdownTable(observed)).toContain('| redis | 200 | 503 | 503 | 503 |')
})

function answers(list: number, reserve: number, pay: number, health: number): string {
  return `list    ${list}\nreserve ${reserve}\npay     ${pay}\nhealth  ${health}\n`
}
