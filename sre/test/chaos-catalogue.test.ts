import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import { describe, expect, test } from 'vitest'
import { readCatalogue } from '../src/chaos/catalogue.ts'
import type { Experiment } from '../src/chaos/experiment.ts'
import { isWithin } from '../src/chaos/tolerance.ts'
import { answersOf, readFailureTable } from './failure-table.ts'

const TAG = 'row:'

const entries = readCatalogue({})
const experiments = entries.flatMap(({ experiment }) => experiment ?? [])
const rows = readFailureTable()

function experimentsOf(row: string): Experiment[] {
  return experiments.filter(({ tags }) => tags.includes(TAG + row))
}

test('every file of the catalogue is an experiment', () => {
  expect(entries.filter(({ experiment }) => experiment === undefined)).toEqual([])
  expect(entries.length).toBeGreaterThan(20)
})

test('the table of failures has rows', () => {
  expect(rows.length).toBeGreaterThan(10)
})

test.each(rows)('there is an experiment for: $broken', ({ broken }) => {
  expect(experimentsOf(broken)).not.toEqual([])
})

test('no experiment is for a row that the table does not have', () => {
  const tags = experiments.flatMap(({ tags }) => tags.filter((tag) => tag.startsWith(TAG)))
  const known = rows.map(({ broken }) => TAG + broken)
  expect(tags.filter((tag) => !known.includes(tag))).toEqual([])
})

describe.each(rows)('$broken', (row) => {
  test.each(experimentsOf(row.broken))('$name expects what the table says', (experiment) => {
    const expected = ['list', 'reserve', 'pay', 'health'] as const
    for (const question of expected) {
      const probe = experiment.probes.find(({ name }) => name === question)
      const allowed = answersOf(row[question])
      // the rows that say "the same status" or name a field
      if (allowed.length === 0 || !probe?.tolerance) continue
      const { tolerance } = probe
      const agrees = allowed.some((answer) => {
        const status = answer.slice(0, 3)
        const candidates = question === 'health' ? [Number(status)] : [answer, status, `${status} any_error`]
        return candidates.some((candidate) => isWithin(candidate, tolerance))
      })
      expect(agrees, `${question}: ${row[question]}`).toBe(true)
    }
  })

  test('each question that the table answers is asked by an experiment', () => {
    const asked = new Set(experimentsOf(row.broken).flatMap(({ probes }) => probes.map(({ name }) => name)))
    const answered = (['list', 'reserve', 'pay', 'health'] as const).filter(
      (each) => answersOf(row[each]).length > 0,
    )
    expect(answered.filter((question) => !asked.has(question))).toEqual([])
  })
})

test('every experiment says what is to be seen while it is injected', () => {
  const silent = experiments.filter(({ probes }) => !probes.some(({ tolerance }) => tolerance !== undefined))
  expect(silent.map(({ name }) => name)).toEqual([])
})

test('an experiment that runs with Compose only pauses a container or needs a proxy', () => {
  for (const { name, actions, settings } of experiments) {
    if (settings.systems.includes('cluster')) continue
    const kinds = actions.map(({ injection }) => injection.kind)
    expect(kinds, name).toEqual([expect.stringMatching(/^(pause|network)$/)])
  }
})

test('an expected alert is one of the rules of Prometheus', () => {
  const rules = readFileSync(join(REPOSITORY, 'monitoring/prometheus/rules/system.yml'), 'utf8')
  const expected = experiments.flatMap(({ settings }) => settings.detection?.alert ?? [])
  expect(expected.length).toBeGreaterThan(0)
  for (const alert of expected) expect(rules).toContain(`- alert: ${alert}\n`)
})

test('every hypothesis asks for whole purchases and for the invariants', () => {
  for (const { name, hypothesis } of experiments) {
    const kinds = hypothesis.probes.map(({ probe }) => probe.kind)
    expect(kinds, name).toEqual(expect.arrayContaining(['purchase', 'audit']))
  }
})

test.each(['lab8', 'bonus', 'seed'])('the catalogue has the experiments of %s', (tag) => {
  expect(experiments.filter(({ tags }) => tags.includes(tag))).not.toEqual([])
})
