import pg from 'pg'

/** What is in a database, short enough to be compared. */
export interface Contents {
  tables: Record<string, TableContents>
  /** columns, constraints, triggers, indexes and functions, a line each */
  schema: string[]
}

export interface TableContents {
  rows: number
  /** of the contents of all rows, in whatever order they are */
  hash: string
}

/** Has to be called within a transaction that sees one state of the database. */
export async function readContents(client: pg.Client): Promise<Contents> {
  // how a row is written out must not depend on the session
  await client.query(
    `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1`,
  )
  const tables: Record<string, TableContents> = {}
  for (const name of await tableNames(client)) tables[name] = await readTable(client, name)
  const { rows } = await client.query<{ line: string }>(SCHEMA)
  return { tables, schema: rows.map(({ line }) => line) }
}

export async function tableNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`,
  )
  return rows.map(({ name }) => name)
}

/** What is different, a line each; none when the contents are the same. */
export function differences(expected: Contents, found: Contents): string[] {
  const lines: string[] = []
  for (const name of new Set([...Object.keys(expected.tables), ...Object.keys(found.tables)])) {
    const [before, after] = [expected.tables[name], found.tables[name]]
    if (!after) lines.push(`table ${name} is missing`)
    else if (!before) lines.push(`table ${name} should not be there`)
    else if (before.rows !== after.rows)
      lines.push(`${name} has ${after.rows} rows instead of ${before.rows}`)
    else if (before.hash !== after.hash) lines.push(`rows of ${name} are not what they were`)
  }
  const [wanted, got] = [new Set(expected.schema), new Set(found.schema)]
  for (const line of wanted) if (!got.has(line)) lines.push(`missing: ${line}`)
  for (const line of got) if (!wanted.has(line)) lines.push(`unexpected: ${line}`)
  return lines
}

async function readTable(client: pg.Client, name: string): Promise<TableContents> {
  const { rows } = await client.query<TableContents>(
    `SELECT count(*)::int AS rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS hash
     FROM public.${pg.escapeIdentifier(name)} AS t`,
  )
  return rows[0] as TableContents
}

const SCHEMA = `
  SELECT format('column %s.%s %s%s %s', table_name, column_name, data_type,
                CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END, column_default) AS line
  FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT format('constraint on %s: %s', conrelid::regclass, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT format('function %s %s', proname, md5(prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  ORDER BY line`
