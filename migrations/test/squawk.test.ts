import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readChanges } from '../src/changes.ts'
import { changeSql } from './change-sql.ts'

const SQUAWK = fileURLToPath(new URL('../../node_modules/.bin/squawk', import.meta.url))
const found = existsSync(SQUAWK) && spawnSync(SQUAWK, ['--version']).status === 0
if (!found) console.log('tests: squawk has no program for this machine, so changes are not linted')

/** They create the tables: no version serves yet. */
const OLD = ['0001_baseline', '0002_sold-seats', '0003_checkouts']
/** The runner bounds the waiting, and how long the work may take is no business of a lock. */
const NOT_HERE = ['require-statement-timeout']

const NEW = (await readChanges()).map(({ name }) => name).filter((name) => !OLD.includes(name))

function findings(sql: string): string[] {
  const args = ['--reporter', 'json', '--pg-version', '17', '--exclude', NOT_HERE.join(',')]
  const { stdout, stderr, status } = spawnSync(SQUAWK, args, { input: sql, encoding: 'utf8' })
  if (stderr || status === null) throw new Error(`squawk could not look: ${stderr}`)
  return (JSON.parse(stdout) as { rule_name: string }[]).map(({ rule_name }) => rule_name)
}

describe.skipIf(!found)('squawk', () => {
  test.each(NEW)('finds nothing dangerous in %s', async (name) => {
    expect(findings(await changeSql(name))).toEqual([])
  })

  test.each([
    [
      'an index that stops writers',
      'CREATE INDEX some_index ON orders (event_id);',
      'require-concurrent-index-creation',
    ],
    [
      'a rename that the running version does not know',
      'ALTER TABLE events RENAME COLUMN event_date TO scheduled_at;',
      'renaming-column',
    ],
    [
      'a column that the running version does not fill',
      'ALTER TABLE orders ADD COLUMN buyer text NOT NULL;',
      'adding-required-field',
    ],
  ])('finds %s', (_what, sql, rule) => {
    expect(findings(`SET lock_timeout = 100;\n${sql}`)).toContain(rule)
  })
})
