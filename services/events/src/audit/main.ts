import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { readCommandLine } from '@quickticket/kit/command-line'
import { ConfigError } from '@quickticket/kit/config'
import { openStores } from '../command-stores.ts'
import { audit } from './audit.ts'
import { type LedgerEntry, parseLedger } from './ledger.ts'
import { VIOLATION_KINDS, type Violation } from './violation.ts'

const USAGE = `npm run audit [-- --ledger FILE…] [--json]

Checks that nothing is oversold, charged twice, charged without an order, ordered without a charge, held without a reservation or
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
  return `the audit was not possible: ${error.message}`
}

async function main(): Promise<number> {
  const { files, asJson } = readCommand()
  const { stores, expect } = await openStores('audit', process.env)
  await expect()
  const piped = files.includes('-') ? await text(process.stdin) : ''
  const readLedger = files.length > 0 ? () => readLedgers(files, piped) : undefined

  const found = await audit({ ...stores, readLedger })
  const leftOut = [
    ...(stores.holds ? [] : ['holds (they are in the events process)']),
    ...(readLedger ? [] : ['money (pass the payments log with --ledger)']),
  ]
  console.log(asJson ? JSON.stringify(asObject(found, leftOut)) : asText(found, leftOut))
  return found.length === 0 ? 0 : 1
}

function readCommand(): { files: string[]; asJson: boolean } {
  const options = {
    ledger: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  } as const
  return readCommandLine(
    { command: 'npm run audit --', usage: USAGE, allowPositionals: true, options },
    ({ values, positionals }) => {
      if (positionals.length > 0 && !values.ledger) throw new Error(`unexpected ${positionals[0]}`)
      return { files: values.ledger ? [...values.ledger, ...positionals] : [], asJson: values.json }
    },
  )
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
