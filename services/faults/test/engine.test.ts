import { describe, expect, test } from 'vitest'
import { createEngine } from '../src/engine.ts'
import { parseFaults } from '../src/parse.ts'

interface Run {
  seed?: number
  service?: string
  requests?: number
  path?: string
}

/** What happens to each of some requests, as text. */
function run(
  faults: string,
  { seed = 1, service = 'events', requests = 500, path = '/a' }: Run = {},
): string[] {
  const engine = createEngine(parseFaults(faults), { seed, service })
  return Array.from({ length: requests }, () => {
    const strike = engine.decide('GET', path, path)
    return [...(strike?.delays.map(({ ms }) => ms) ?? []), strike?.fault?.rule.kind.name].join(' ')
  })
}

const count = (happened: string[], what: string) => happened.filter((each) => each === what).length

describe('which requests', () => {
  const hit = (faults: string, method: string, path: string, template = path) =>
    createEngine(parseFaults(faults), { seed: 1, service: 'events' }).decide(method, path, template) !==
    undefined

  test('a rule matches its method', () => {
    expect(hit('GET 100% reset', 'GET', '/a')).toBe(true)
    expect(hit('GET 100% reset', 'POST', '/a')).toBe(false)
    expect(hit('* 100% reset', 'POST', '/a')).toBe(true)
  })

  test.each([
    ['/events', '/events', '/events', true],
    ['/events', '/events/1', '/events/{id}', false],
    ['/events/1', '/events/1', '/events/{id}', true],
    ['/events/2', '/events/1', '/events/{id}', false],
    ['/events/{id}', '/events/1', '/events/{id}', true],
    ['/events*', '/events', '/events', true],
    ['/events*', '/events/1/reserve', '/events/{id}/reserve', true],
    ['/events/*', '/events', '/events', false],
    ['/events/{id}/*', '/events/1/reserve', '/events/{id}/reserve', true],
    ['/events/1/*', '/events/1/reserve', '/events/{id}/reserve', true],
    ['/*', '/nowhere', 'unmatched', true],
  ])('%s matches %s (%s): %s', (path, asked, template, expected) => {
    expect(hit(`${path} 100% reset`, 'GET', asked, template)).toBe(expected)
  })
})

describe('how many', () => {
  test('10,000 requests at 5 % are struck within the 99.9 % interval of the binomial distribution', () => {
    const [least, most] = binomialInterval(10_000, 0.05, 0.999)
    expect([least, most]).toEqual([430, 573])
    for (let seed = 1; seed <= 5; seed++) {
      const struck = count(run('5% reset', { seed, requests: 10_000 }), 'reset')
      expect(struck).toBeGreaterThanOrEqual(least)
      expect(struck).toBeLessThanOrEqual(most)
    }
  })

  test('0% is none and 100% is all', () => {
    expect(count(run('0% reset'), 'reset')).toBe(0)
    expect(count(run('100% reset'), 'reset')).toBe(500)
  })
})

describe('the seed', () => {
  const FAULTS = '10% latency=1ms..1s; 20% latency=normal(1s,100ms); 5% status=503; 50% reset'

  test('the same seed repeats everything, also the lengths of delays', () => {
    expect(run(FAULTS)).toEqual(run(FAULTS))
    expect(new Set(run(FAULTS)).size).toBeGreaterThan(50)
  })

  test('another seed or another service decides differently', () => {
    expect(run(FAULTS, { seed: 2 })).not.toEqual(run(FAULTS))
    expect(run(FAULTS, { service: 'payments' })).not.toEqual(run(FAULTS))
  })

  test('whether a rule strikes does not depend on the other rules, or on requests that it does not match', () => {
    const alone = run('0% hang; 10% reset')
    expect(count(alone, 'reset')).toBeGreaterThan(20)
    expect(run('30% latency=1ms; 10% reset').map((each) => each.replace(/^1 ?/, ''))).toEqual(alone)
    const engine = createEngine(parseFaults('0% hang; /a 10% reset'), { seed: 1, service: 'events' })
    const mixed = alone.map(() => {
      engine.decide('GET', '/b', '/b')
      return engine.decide('GET', '/a', '/a')?.fault?.rule.kind.name ?? ''
    })
    expect(mixed).toEqual(alone)
  })
})

describe('several rules', () => {
  test('the first one that strikes wins', () => {
    expect(new Set(run('100% reset; 100% hang'))).toEqual(new Set(['reset']))
    expect(new Set(run('0% reset; 100% hang'))).toEqual(new Set(['hang']))
  })

  test('delays add up, and a later fault comes after them', () => {
    expect(
      run('100% latency=10ms; 100% latency=20ms; 100% reset; 100% latency=30ms', { requests: 1 }),
    ).toEqual(['10 20 reset'])
  })
})

test('a window begins with after and ends with for', () => {
  let now = 1_000_000
  const rules = parseFaults('100% reset after=10s for=5s; 100% hang for=12s; 100% truncate after=14s')
  const engine = createEngine(rules, { seed: 1, service: 'events', now: () => now })
  const at = (seconds: number) => {
    now = 1_000_000 + seconds * 1000
    const active = engine.rules.filter((rule) => rule.isActive()).map((rule) => rule.kind.name)
    return [engine.decide('GET', '/a', '/a')?.fault?.rule.kind.name, ...active]
  }
  expect(at(0)).toEqual(['hang', 'hang'])
  expect(at(9.999)).toEqual(['hang', 'hang'])
  expect(at(10)).toEqual(['reset', 'reset', 'hang'])
  expect(at(12)).toEqual(['reset', 'reset'])
  expect(at(14.999)).toEqual(['reset', 'reset', 'truncate'])
  expect(at(15)).toEqual(['truncate', 'truncate'])
})

/** The narrowest counts outside which, on each side, lies less than half of what is left of the confidence. */
function binomialInterval(n: number, p: number, confidence: number): [number, number] {
  const tail = (1 - confidence) / 2
  let mass = n * Math.log1p(-p)
  let below = 0
  let least = -1
  for (let k = 0; k <= n; k++) {
    below += Math.exp(mass)
    if (least === -1 && below > tail) least = k
    if (below >= 1 - tail) return [least, k]
    mass += Math.log((n - k) / (k + 1)) + Math.log(p / (1 - p))
  }
  return [least, n]
}
