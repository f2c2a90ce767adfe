import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MigrationBuilder } from 'node-pg-migrate'
import { CHANGES } from './changes.ts'
import { PATIENCE } from './patience.ts'

/** What a change sends to PostgreSQL on its way up, as the runner sends it. */
export async function changeSql(name: string, directory = CHANGES): Promise<string> {
  const { up } = (await import(pathToFileURL(join(directory, `${name}.ts`)).href)) as {
    up(pgm: MigrationBuilder): unknown
  }
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const nothing = { query: refuse, select: refuse }
  const pgm = new MigrationBuilder(nothing as never, undefined, false, quiet)
  await up(pgm)
  const steps = pgm.getSqlSteps().map((sql) => sql.trim().replace(/;?$/, ';'))
  const patience = `SET lock_timeout = ${PATIENCE.lockTimeoutMs};`
  return [patience, ...(pgm.isUsingTransaction() ? ['BEGIN;', ...steps, 'COMMIT;'] : steps)].join('\n')
}

async function refuse(): Promise<never> {
  throw new Error('a change that asks the database what to do can not be read before it runs')
}
