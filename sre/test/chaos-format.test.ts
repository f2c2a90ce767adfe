import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { findExperiment, readCatalogue } from '../src/chaos/catalogue.ts'
import { readExperiment } from '../src/chaos/experiment.ts'
import { isWithin, readTolerance } from '../src/chaos/tolerance.ts'
import { isWithinWindow, nextOpening, readWindow } from '../src/chaos/window.ts'
import { chargeExperiment, chargeProbe } from './chaos-system.ts'

function read(change: object, env: Record<string, string> = {}) {
  return readExperiment(stringify({ ...chargeExperiment(), ...change }), 'x.yaml', env)
}

/** as an experiment refers to a value of its configuration */
const use = (name: string) => `\${${name}}`
const settings = (given: object) => ({ extensions: [{ name: 'sre', ...given }] })
const action = { type: 'action', name: 'a', provider: { type: 'redis-flush' } }

describe('an experiment that is wrong is refused with the file, the field and what is allowed', () => {
  test.each([
    [{ steady: 1 }, 'x.yaml: steady is not known; allowed: version, title'],
    [{ version: 2 }, 'x.yaml: version is 2; allowed: one of 1.0.0'],
    [{ title: '' }, 'x.yaml: title is ""; allowed: a text'],
    [{ method: [] }, 'x.yaml: method has no action'],
    [{ method: [{ type: 'probes' }] }, 'x.yaml: method[0].type is "probes"; allowed: one of action, probe'],
    [
      { method: [{ ...action, background: true }] },
      'x.yaml: method[0].background is not known; allowed: type, name',
    ],
    [
      { method: [{ ...action, provider: { type: 'rm' } }] },
      'x.yaml: method[0].provider.type is "rm"; allowed: one of',
    ],
    [
      { method: [{ ...action, pauses: { after: '9m' } }] },
      'x.yaml: method[0].pauses.after is "9m"; allowed: a duration',
    ],
    [{ method: [action, action] }, 'x.yaml: two parts have the name "a"'],
    [{ rollbacks: [action] }, 'x.yaml: rollbacks is not empty'],
    [
      { 'steady-state-hypothesis': { title: 't', probes: [] } },
      'x.yaml: steady-state-hypothesis.probes is empty; at least one',
    ],
    [
      { 'steady-state-hypothesis': { title: 't', probes: [chargeProbe('p', undefined)] } },
      'x.yaml: steady-state-hypothesis.probes[0].tolerance is missing',
    ],
    [settings({ duration: '11m' }), 'x.yaml: extensions[0].duration is "11m"; allowed: a duration'],
    [settings({ duration: 5, settle: 4 }), 'x.yaml: extensions[0].duration leaves no time to judge'],
    [settings({ systems: ['moon'] }), 'x.yaml: extensions[0].systems[0] is "moon"; allowed: one of compose'],
    [
      settings({ detection: { alert: 'a"} or b', within: 1 } }),
      'x.yaml: extensions[0].detection.alert is no name',
    ],
    [
      { title: use('city') },
      `x.yaml: title uses ${use('city')}, which configuration does not have; it has none`,
    ],
    [
      { configuration: { city: { type: 'env', key: 'CITY' } } },
      'x.yaml: configuration.city needs the variable CITY, which is not set',
    ],
  ])('%j', (change, message) => {
    expect(() => read(change)).toThrow(message)
  })

  test('a file that is no YAML', () => {
    expect(() => readExperiment('a: [', 'x.yaml', {})).toThrow(/^x\.yaml: it is no YAML: .* at line 1/)
  })

  test('a name that is no experiment', () => {
    expect(() => findExperiment('no-such', {})).toThrow('"no-such" is no experiment and no file: ')
  })
})

test('values of configuration come from the file, a variable, or its default', () => {
  const configuration = {
    city: { type: 'env', key: 'CITY', default: 'Innopolis' },
    land: { type: 'env', key: 'LAND', default: 'Tatarstan' },
    limit: 503,
  }
  const experiment = read(
    {
      configuration,
      title: `${use('city')}, ${use('land')}`,
      method: [action, chargeProbe('p', use('limit'))],
    },
    { CITY: 'Kazan' },
  )
  expect(experiment.title).toBe('Kazan, Tatarstan')
  expect(experiment.probes[0]?.tolerance).toEqual({ type: 'equals', value: 503 })
})

test('every experiment of the catalogue is right', () => {
  const catalogue = readCatalogue({})
  expect(catalogue.length).toBeGreaterThan(0)
  expect(catalogue.filter(({ experiment }) => experiment === undefined)).toEqual([])
})

describe('a tolerance', () => {
  test.each([
    [200, 200, true],
    [200, '200', false],
    [[200, 404], 404, true],
    [[200, 404], 500, false],
    [{ type: 'range', range: [1, 5] }, 5, true],
    [{ type: 'range', range: [1, 5] }, 5.01, false],
    [{ type: 'below', value: 0.5 }, 0.5, false],
    [{ type: 'above', value: 0.5 }, 0.6, true],
    [{ type: 'above', value: 0.5 }, NaN, false],
    [{ type: 'above', value: 0.5 }, 'many', false],
    [{ type: 'regex', pattern: '^ok' }, 'ok!', true],
    [{ type: 'regex', pattern: '^ok' }, 'not ok', false],
  ])('%j for %j is %j', (given, found, expected) => {
    expect(isWithin(found, readTolerance(given, 'tolerance'))).toBe(expected)
  })

  test.each([
    [{ type: 'regex', pattern: '(' }, 'tolerance.pattern: Invalid regular expression'],
    [{ type: 'range', range: [5, 1] }, 'tolerance.range[1] is 1; allowed: a number, at least 5'],
    [[], 'tolerance is a list of something else'],
    [{ type: 'jsonpath' }, 'tolerance.type is "jsonpath"; allowed: one of range, regex, above, below'],
  ])('%j is none', (given, message) => {
    expect(() => readTolerance(given, 'tolerance')).toThrow(message)
  })
})

describe('a window', () => {
  const at = (text: string) => Date.parse(`${text}Z`)

  // 2026-11-27 is a Friday
  test.each([
    ['Mon-Fri 10:00-16:00', '2026-11-27T10:00', true],
    ['Mon-Fri 10:00-16:00', '2026-11-27T16:00', false],
    ['Mon-Fri 10:00-16:00', '2026-11-28T12:00', false],
    ['Sat,Sun 00:00-24:00', '2026-11-28T23:59', true],
    ['Fri 22:00-02:00', '2026-11-28T01:00', true],
    ['Fri 22:00-02:00', '2026-11-27T01:00', false],
    ['Sat-Mon 10:00-16:00', '2026-11-29T12:00', true],
  ])('%s at %s is open: %j', (window, time, expected) => {
    expect(isWithinWindow(readWindow(window), at(time))).toBe(expected)
  })

  test('opens next on Monday', () => {
    expect(nextOpening(readWindow('Mon-Fri 10:00-16:00'), at('2026-11-27T16:00'))).toBe(
      at('2026-11-30T10:00'),
    )
  })

  test.each(['Mo 10:00-16:00', 'Mon-Fri', 'Mon 25:00-26:00', 'Mon 9-17', ''])('%j is none', (text) => {
    expect(() => readWindow(text)).toThrow('allowed: days and hours in UTC')
  })
})
