import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MigrationBuilder } from 'node-pg-migrate'
import { CHANGES } from '../src/changes.ts'
import { LOCK_RETRY } from '../src/lock-retry.ts'

/** What a change sends to PostgreSQL on its way up, as the runner sends it. */
export async function changeSql(name: string): Promise<string> {
  const file = join(CHANGES, `${name}.sql`)
  const sql = existsSync(file) ? `BEGIN;\n${upOf(readFileSync(file, 'utf8'))}\nCOMMIT;` : await builtSql(name)
  return `SET lock_timeout = ${LOCK_RETRY.lockTimeoutMs};\n${sql}`
}

function upOf(text: string): string | undefined {
  return /^-- Up Migration$(.*)^-- Down Migration$/ms.exec(text)?.[1]
}

async function builtSql(name: string): Promise<string> {
  const { up } = (await import(pathToFileURL(join(CHANGES, `${name}.ts`)).href)) as {
    up(pgm: MigrationBuilder): unknown
  }
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const pgm = new MigrationBuilder({ query: refuse, select: refuse } as never, undefined, false, quiet)
  await up(pgm)
  const steps = pgm.getSqlSteps().map((sql) => sql.trim().replace(/;?$/, ';'))
  return (pgm.isUsingTransaction() ? ['BEGIN;', ...steps, 'COMMIT;'] : steps).join('\n')
}

async function refuse(): Promise<never> {
  throw new Error('a change that queries the database cannot be linted before it runs')
}
