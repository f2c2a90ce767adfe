import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { ConfigError, loadConfig } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import { variables } from '../config.ts'
import { connectHolds, connectPostgres } from '../connections.ts'
import { untilReachable } from '../until-reachable.ts'
import { audit } from './audit.ts'
import { type LedgerEntry, parseLedger } from './ledger.ts'
import { VIOLATION_KINDS, type Violation } from './violation.ts'

const USAGE = `npm run audit [-- --ledger FILE…]

Checks that nothing is oversold, charged twice, charged without an order, ordered without a charge, held for nobody or
stuck. Prints what is wrong, a line each, and exits with 1 if there is anything; with 2 if it could not look.

  --ledger FILE…   logs of the payments service, to see money too; - reads standard input

PostgreSQL and Redis are named by DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASS, REDIS_HOST and REDIS_PORT, by default
those on this machine; HOLD_STORE=memory leaves the holds out.`

const exitCode = await main().catch((error: unknown) => {
  const reason = error instanceof ConfigError ? error.message : `the audit was not possible: ${String(error)}`
  console.error(reason)
  return 2
})
process.exit(exitCode)

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { ledger: { type: 'string', multiple: true }, help: { type: 'boolean' } },
  })
  if (values.help) return print(USAGE)
  const files = values.ledger ? [...values.ledger, ...positionals] : []
  if (positionals.length > 0 && files.length === 0)
    throw new Error(`unexpected ${positionals[0]}\n\n${USAGE}`)

  const onThisMachine = { DB_HOST: '127.0.0.1', REDIS_HOST: '127.0.0.1' }
  const config = loadConfig(variables, { ...onThisMachine, ...process.env })
  const log = createLog('audit', 'error')
  const postgres = connectPostgres(config, log)
  const holds = config.HOLD_STORE === 'redis' ? connectHolds(config, log) : undefined
  if (holds) await untilReachable(holds)
  const piped = files.includes('-') ? await text(process.stdin) : ''
  const readLedger = files.length > 0 ? () => readLedgers(files, piped) : undefined

  const found = await audit({ postgres, holds, readLedger })
  for (const { kind, subject, detail } of found) console.log(`${kind}  ${subject}  ${detail}`)
  if (!holds) console.log('left out: holds (they are in the events process)')
  if (!readLedger) console.log('left out: money (pass the payments log with --ledger)')
  console.log(summary(found))
  return found.length === 0 ? 0 : 1
}

function summary(found: Violation[]): string {
  const counts = VIOLATION_KINDS.map((kind) => `${kind}=${found.filter((one) => one.kind === kind).length}`)
  return `${found.length === 0 ? 'ok' : 'VIOLATED'}: ${counts.join(' ')}`
}

async function readLedgers(files: string[], piped: string): Promise<LedgerEntry[]> {
  const logs = await Promise.all(files.map((file) => (file === '-' ? piped : readFile(file, 'utf8'))))
  return logs.flatMap(parseLedger)
}

function print(message: string): number {
  console.log(message)
  return 0
}
