import { describe, expect, test } from 'vitest'
import { parseFaults } from '../src/parse.ts'
import type { Rule } from '../src/rule.ts'
import { FaultSyntaxError } from '../src/syntax-error.ts'
import { readByteRate, readDuration } from '../src/units.ts'

function only(text: string): Rule {
  const rules = parseFaults(text)
  expect(rules).toHaveLength(1)
  return rules[0] as Rule
}

test('rules are separated by semicolons', () => {
  const rules = parseFaults(
    'POST /charge 5% status=503; POST /charge 10% latency=200ms..2s; GET /events* 1% reset; POST /charge 2% lost-response; * 1% hang',
  )
  expect(rules.map(({ method, path, share, kind }) => [method, path, share, kind.name])).toEqual([
    ['POST', '/charge', 0.05, 'status'],
    ['POST', '/charge', 0.1, 'latency'],
    ['GET', '/events*', 0.01, 'reset'],
    ['POST', '/charge', 0.02, 'lost-response'],
    ['*', '*', 0.01, 'hang'],
  ])
})

test.each(['', '   ', ';', ' ; ;\n'])('%j is no rule at all', (text) => {
  expect(parseFaults(text)).toEqual([])
})

test.each([
  ['5% reset', '*', '*'],
  ['* 5% reset', '*', '*'],
  ['* * 5% reset', '*', '*'],
  ['GET 5% reset', 'GET', '*'],
  ['GET * 5% reset', 'GET', '*'],
  ['/a 5% reset', '*', '/a'],
  ['* /a 5% reset', '*', '/a'],
  ['\n  DELETE\t/a/{id}/b*   5%\n reset ; ', 'DELETE', '/a/{id}/b*'],
])('%j matches %s %s', (text, method, path) => {
  expect(only(text)).toMatchObject({ method, path, share: 0.05, afterMs: 0, forMs: Number.POSITIVE_INFINITY })
})

test.each([
  ['0%', 0],
  ['0.5%', 0.005],
  ['.5%', 0.005],
  ['33.3%', 0.333],
  ['100%', 1],
])('a share can be %s', (share, value) => {
  expect(only(`${share} reset`).share).toBeCloseTo(value, 12)
})

test.each([
  ['status=400', 'status'],
  ['status=599', 'status'],
  ['cpu=250ms', 'cpu'],
  ['memory=1MB/s', 'memory'],
  ['reset', 'reset'],
  ['hang', 'hang'],
  ['lost-response', 'lost-response'],
  ['truncate', 'truncate'],
  ['db-pool-leak', 'db-pool-leak'],
])('%s is a fault', (fault, kind) => {
  expect(only(`5% ${fault}`).kind.name).toBe(kind)
})

const span = (text: string) => ({ text, start: 0, source: text })

test.each([
  ['250ms', 250],
  ['.5s', 500],
  ['1.5m', 90_000],
])('%s is a duration', (text, ms) => {
  expect(readDuration(span(text))).toBe(ms)
})

test.each([
  ['1MB/s', 1e6],
  ['2MiB/s', 2 ** 21],
])('%s is a rate', (text, bytesPerSecond) => {
  expect(readByteRate(span(text))).toBe(bytesPerSecond)
})

test('memory needs no share', () => {
  expect(only('memory=1MB/s')).toMatchObject({ share: 1, kind: { name: 'memory' } })
  expect(only('* memory=1MB/s for=1m')).toMatchObject({ share: 1, forMs: 60_000 })
})

test.each([
  ['for=30s', 0, 30_000],
  ['after=10s', 10_000, Number.POSITIVE_INFINITY],
  ['for=30s after=10s', 10_000, 30_000],
  ['after=0ms for=1440m', 0, 86_400_000],
])('%s is a window', (window, afterMs, forMs) => {
  expect(only(`5% reset ${window}`)).toMatchObject({ afterMs, forMs })
})

describe('a mistake is reported with its column', () => {
  test.each([
    ['PSOT /charge 5% reset', 1, '"PSOT" is no method: GET, HEAD, POST'],
    ['get /events 5% reset', 1, '"get" is no method'],
    ['GET /events?x=1 5% reset', 5, 'more than a path'],
    ['GET /events/*/reserve 5% reset', 5, 'a * that is not at its end'],
    ['GET /a /b 5% reset', 8, '"/b" is a second path'],
    ['GET events 5% reset', 5, '"events" is no share'],
    ['POST /charge status=503', 14, 'a share is missing before "status=503"'],
    ['hang', 1, 'a share is missing'],
    ['POST /charge 5 reset', 14, '"5" is no share'],
    ['POST /charge 5%% reset', 14, '"5%%" is no share'],
    ['POST /charge -5% reset', 14, '"-5%" is no share'],
    ['POST /charge 101% reset', 14, 'from 0% to 100%'],
    ['POST /charge 1e1% reset', 14, 'is no share'],
    ['POST /charge 5%', 16, 'a fault is missing'],
    ['POST /charge', 13, 'a fault is missing'],
    ['5% explode', 4, '"explode" is no fault: status, latency, reset'],
    ['5% Status=503', 4, '"Status" is no fault'],
    ['5% status', 10, 'an argument is missing, such as status=503'],
    ['5% status=', 11, 'an argument is missing'],
    ['5% status=200', 11, '"200" is no status of an error: 400 to 599'],
    ['5% status=600', 11, 'no status of an error'],
    ['5% status=5e2', 11, 'no status of an error'],
    ['5% reset=1', 10, 'reset takes no argument'],
    ['5% latency', 11, 'an argument is missing'],
    ['5% latency=slow', 12, 'is no latency: 200ms, 200ms..2s, normal(200ms,50ms) or p50=5ms,p99=2s'],
    ['5% latency=200', 12, '"200" is no duration: a number and ms, s or m'],
    ['5% latency=2h', 12, '"2h" is no duration'],
    ['5% latency=11m', 12, 'at most 10m'],
    ['5% latency=2s..200ms', 16, 'a range goes up'],
    ['5% latency=2s..', 16, '"" is no duration'],
    ['5% latency=normal(1s)', 12, 'needs two durations'],
    ['5% latency=normal(1s,2)', 22, '"2" is no duration'],
    ['5% latency=normal(1s, 2s)', 12, 'without blanks'],
    ['5% latency=p50=5ms,99=2s', 20, 'is no percentile: p0 to p100'],
    ['5% latency=p50=5ms,p101=2s', 20, 'is no percentile'],
    ['5% latency=p50=5ms,p99', 20, 'is no percentile'],
    ['5% latency=p99=2s,p50=5ms', 19, 'go up'],
    ['5% latency=p50=2s,p99=1s', 19, 'go up'],
    ['5% latency=p50=0ms,p99=1s', 16, 'above 0ms'],
    ['5% cpu', 7, 'an argument is missing'],
    ['5% cpu=1', 8, 'is no duration'],
    ['memory=1MB', 8, '"1MB" is no rate'],
    ['memory=0MB/s', 8, 'is no rate: a size above 0'],
    ['memory=1mb/s', 8, 'is no rate'],
    ['GET /a memory=1MB/s', 1, 'leave out method and path'],
    ['5% reset for=30', 14, '"30" is no duration'],
    ['5% reset for=0s', 14, 'for is longer than 0ms'],
    ['5% reset for=1441m', 14, 'at most 1440m'],
    ['5% reset for=1s for=2s', 17, 'for is given twice'],
    ['5% reset since=3s', 10, '"since=3s" is not expected here: for=30s, after=10s, or ;'],
    ['5% reset GET /a 5% hang', 10, 'or ; and the next rule'],
    ['5% reset; * 200% hang', 13, 'from 0% to 100%'],
    ['5% reset;; \n 5% hung', 17, '"hung" is no fault'],
  ])('%j: column %i, %s', (text, column, message) => {
    const error = failure(() => parseFaults(text))
    expect(error.message).toContain(message)
    expect(error.message).toMatch(new RegExp(`^at column ${column}: `))
    expect(error.message).not.toContain('\n')
    expect(error.column).toBe(column)
  })

  test('a caret marks the column in an excerpt', () => {
    expect(failure(() => parseFaults('POST /charge 5% explode')).message).toMatch(
      /; here: "POST \/charge 5% \^explode"$/,
    )
    const long = `${'GET /a 1% reset; '.repeat(5)}5% hung; ${'GET /a 1% reset; '.repeat(5)}`
    expect(failure(() => parseFaults(long)).message).toMatch(/; here: "….{30}\^hung.{26}…"$/)
  })

  test('db-pool-leak is refused where there is no pool', () => {
    expect(failure(() => parseFaults('5% db-pool-leak', { hasPool: false })).column).toBe(4)
  })
})

function failure(action: () => unknown): FaultSyntaxError {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(FaultSyntaxError)
    return error as FaultSyntaxError
  }
  throw new Error('nothing failed')
}
