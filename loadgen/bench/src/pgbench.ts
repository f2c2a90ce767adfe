import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { databaseUrl } from './databases.ts'
import { SQL, type Transaction } from './transactions.ts'

/** A ceiling that could not be measured here; the table names it. */
export class Skipped extends Error {}

const HEAD = '\\set event random(1, 5)\n\\set r random(1, 9000000000000000000)\n'
const SCRIPTS: Record<Transaction, string> = {
  list: `${oneLine(SQL.list)};\n`,
  one: `${HEAD}${oneLine(SQL.one.replace('$1', ':event'))};\n`,
  checkout: `${HEAD}${[SQL.one.replace('$1', ':event'), SQL.open.replace('$1', "'pgbench-' || :r").replace('$2', ':event'), SQL.confirm.replace('$1', "'pgbench-' || :r"), SQL.deliver.replace('$1', "'pgbench-' || :r")].map((text) => `${oneLine(text)};`).join('\n')}\n`,
}

/** Transactions per second. */
export async function runPgbench(
  port: number,
  transaction: Transaction,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'quickticket-pgbench-'))
  const script = join(dir, 'transaction.sql')
  writeFileSync(script, SCRIPTS[transaction])
  const times = ['-c', String(connections), '-j', '1', '-T', String(Math.ceil(seconds))]
  try {
    const { stdout } = await promisify(execFile)(
      'pgbench',
      ['-n', '-M', 'prepared', '-f', script, ...times, databaseUrl(port, 'quickticket')],
      { env: { PATH: process.env.PATH }, timeout: seconds * 1000 + 60_000 },
    )
    return Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1])
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string }
    if (code === 'ENOENT') throw new Skipped('pgbench is not installed')
    throw new Error(`pgbench: ${stderr ?? error}`)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
