import type pg from 'pg'
import type { Change } from './changes.ts'

export const HISTORY_TABLE = 'schema_migrations'

/** What a database says of a change that was applied to it. */
export interface Applied {
  name: string
  appliedAt: Date
  checksum: string | null
}

/** An applied change is not what its file says now. */
export class EditedChange extends Error {
  constructor(name: string) {
    super(
      `${name} was edited after it had been applied: undo the edit and put what is new into a change of its own. ` +
        `If the edit changes nothing in the database, "baseline ${name}" takes the file as it is`,
    )
  }
}

/** Empty for a database that knows no changes yet. */
export async function readHistory(client: pg.Client): Promise<Applied[]> {
  const columns = await historyColumns(client)
  if (columns.length === 0) return []
  const checksum = columns.includes('checksum') ? 'checksum' : 'NULL AS checksum'
  const { rows } = await client.query<Applied>(
    `SELECT name, run_on AT TIME ZONE current_setting('TimeZone') AS "appliedAt", ${checksum} FROM ${HISTORY_TABLE} ORDER BY id`,
  )
  return rows
}

/**
 * Makes the table where it is missing, adds the checksums that a database from before them does not have, and returns
 * what was applied.
 *
 * @throws {EditedChange}
 */
export async function openHistory(client: pg.Client, changes: Change[]): Promise<Applied[]> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${HISTORY_TABLE} (
       id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL, checksum text)`,
  )
  // asked first: ALTER TABLE waits for all readers of the table, for example a dump
  if (!(await historyColumns(client)).includes('checksum')) {
    await client.query(`ALTER TABLE ${HISTORY_TABLE} ADD COLUMN checksum text`)
  }
  const applied = await readHistory(client)
  for (const { name, checksum } of changes) {
    const before = applied.find((one) => one.name === name)
    if (before?.checksum === null) await writeChecksum(client, { name, checksum })
  }
  const edited = editedChanges(applied, changes)[0]
  if (edited) throw new EditedChange(edited)
  return applied
}

/** Names of the applied changes whose files say something else now. */
export function editedChanges(applied: Applied[], changes: Change[]): string[] {
  return changes
    .filter(({ name, checksum }) => {
      const before = applied.find((one) => one.name === name)?.checksum
      return before != null && before !== checksum
    })
    .map(({ name }) => name)
}

export async function writeChecksum(client: pg.Client, { name, checksum }: Change): Promise<void> {
  await client.query(`UPDATE ${HISTORY_TABLE} SET checksum = $2 WHERE name = $1`, [name, checksum])
}

/** Says that these changes are applied, as their files are now. */
export async function recordChanges(client: pg.Client, changes: Change[]): Promise<void> {
  const applied = new Set((await readHistory(client)).map(({ name }) => name))
  for (const change of changes) {
    if (!applied.has(change.name)) {
      await client.query(`INSERT INTO ${HISTORY_TABLE} (name, run_on) VALUES ($1, now())`, [change.name])
    }
    await writeChecksum(client, change)
  }
}

async function historyColumns(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = to_regclass('${HISTORY_TABLE}') AND attnum > 0 AND NOT attisdropped`,
  )
  return rows.map(({ name }) => name)
}
