import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { ConfigError } from '@quickticket/kit/config'
import { isUsageError, usageError } from '@quickticket/kit/usage'
import { openStores } from '../command-stores.ts'
import { audit } from './audit.ts'
import { type LedgerEntry, parseLedger } from './ledger.ts'
import { VIOLATION_KINDS, type Violation } from './violation.ts'

const USAGE = `npm run audit [-- --ledger FILE…] [--json]

Checks that nothing is oversold, charged twice, charged without an order, ordered without a charge, held for nobody or
stuck. Prints what is wrong, a line each, and exits with 1 if there is anything; with 2 if it could not look.

  --ledger FILE…   logs of the payments service, to see money too; - reads standard input
  --json           prints one object: {ok, counts, violations, left_out}

It looks at the stores of the npm start that runs here. Others are named by DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASS,
REDIS_HOST and REDIS_PORT, by default those on this machine; HOLD_STORE=memory leaves the holds out.`

const exitCode = await main().catch((error: Error) => {
  console.error(reasonOf(error))
  return 2
})
process.exit(exitCode)

function reasonOf(error: Error): string {
  if (error instanceof ConfigError) return error.message
  if (isUsageError(error)) return usageError(error, 'npm run audit --')
  return `the audit was not possible: ${error.message}`
}

async function main(): Promise<number> {
  const command = readCommand()
  if (command === 'help') return print(USAGE)
  const { files, asJson } = command
  const { stores, expect } = await openStores('audit', process.env)
  await expect()
  const piped = files.includes('-') ? await text(process.stdin) : ''
  const readLedger = files.length > 0 ? () => readLedgers(files, piped) : undefined

  const found = await audit({ ...stores, readLedger })
  const leftOut = [
    ...(stores.holds ? [] : ['holds (they are in the events process)']),
    ...(readLedger ? [] : ['money (pass the payments log with --ledger)']),
  ]
  print(asJson ? JSON.stringify(asObject(found, leftOut)) : asText(found, leftOut))
  return found.length === 0 ? 0 : 1
}

function readCommand(): 'help' | { files: string[]; asJson: boolean } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ledger: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return 'help'
  const files = values.ledger ? [...values.ledger, ...positionals] : []
  if (positionals.length > 0 && files.length === 0)
    throw new Error(`unexpected ${positionals[0]}; npm run audit -- --help says more`)
  return { files, asJson: values.json }
}

function asText(found: Violation[], leftOut: string[]): string {
  const counts = Object.entries(countsOf(found)).map(([kind, count]) => `${kind}=${count}`)
  return [
    ...found.map(({ kind, subject, detail }) => `${kind}  ${subject}  ${detail}`),
    ...leftOut.map((what) => `left out: ${what}`),
    `${found.length === 0 ? 'ok' : 'VIOLATED'}: ${counts.join(' ')}`,
  ].join('\n')
}

function asObject(violations: Violation[], leftOut: string[]): object {
  return { ok: violations.length === 0, counts: countsOf(violations), violations, left_out: leftOut }
}

function countsOf(found: Violation[]): Record<string, number> {
  return Object.fromEntries(
    VIOLATION_KINDS.map((kind) => [kind, found.filter((one) => one.kind === kind).length]),
  )
}

async function readLedgers(files: string[], piped: string): Promise<LedgerEntry[]> {
  const logs = await Promise.all(files.map((file) => (file === '-' ? piped : readFile(file, 'utf8'))))
  return logs.flatMap(parseLedger)
}

function print(message: string): number {
  console.log(message)
  return 0
}
