import { ConfigError, loadConfig } from '@quickticket/kit/config'
import { createLog, flushLog } from '@quickticket/kit/log'
import { withoutStack } from '@quickticket/kit/without-stack'
import type pg from 'pg'
import { type Command, readCommand } from './command.ts'
import { variables } from './config.ts'
import { connect, Unreachable } from './connect.ts'
import { EditedChange } from './history.ts'
import { LockTimeout } from './lock-retry.ts'
import { createChange, NewChangeRefused } from './new-change.ts'
import { baseline, migrateDown, migrateUp, redo, seed, UnknownChange } from './runner.ts'
import { readStatus } from './status.ts'

const log = createLog('migrations', 'info')

// process 1 of a container ignores a signal that it does not handle
process.once('SIGTERM', () => process.exit(143))

try {
  const command = readCommand()
  const { name, change = '' } = command
  if (name === 'new') {
    const file = await createChange(change)
    console.log(command.asJson ? JSON.stringify({ file }) : file)
  } else process.exitCode = await runOnDatabase({ ...command, name })
} catch (error) {
  if (error instanceof NewChangeRefused) console.error(error.message)
  else if (isPlain(error)) log.error(error.message)
  else if (error instanceof Unreachable) log.error({ err: error.cause }, error.message)
  else log.error({ err: withoutStack(error) }, 'migration failed')
  process.exitCode = 1
}
await flushLog(log)

type OnDatabase = Command & { name: Exclude<Command['name'], 'new'> }

async function runOnDatabase(command: OnDatabase): Promise<number> {
  const client = await connect(loadConfig(variables, process.env), log, 'quickticket-migrations')
  try {
    return await run(command, client)
  } finally {
    await client.end()
  }
}

async function run(
  { name, change, lockRetry, withSeed, asJson }: OnDatabase,
  client: pg.Client,
): Promise<number> {
  if (name === 'status') {
    const { lines, ...counts } = await readStatus(client)
    console.log(asJson ? JSON.stringify(counts) : lines.join('\n'))
    return counts.edited > 0 ? 1 : 0
  }
  const changed = await {
    up: () => migrateUp(client, log, lockRetry),
    down: () => migrateDown(client, log, 1, lockRetry),
    redo: () => redo(client, log, lockRetry),
    baseline: () => baseline(client, log, change),
  }[name]()
  log.info({ changed }, changed.length ? `${name}: ${changed.join(', ')}` : 'nothing to do')
  if (withSeed) await seed(client)
  return 0
}

/** What its message says is all there is to know. */
function isPlain(error: unknown): error is Error {
  return [ConfigError, EditedChange, LockTimeout, UnknownChange].some((type) => error instanceof type)
}
