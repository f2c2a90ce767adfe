import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { InvalidArgument } from './arguments.ts'

/** More than a step sells: at the highest rate, 10 s of reserves and checkouts are 12,000 seats of each event. */
export const REFILL_SEATS = 100_000

const ROOT = new URL('../..', import.meta.url)
const [WITH_STORES, COMMAND] = ['local/src/with-stores.ts', 'services/events/src/refill/main.ts'].map(
  (path) => fileURLToPath(new URL(path, ROOT)),
) as [string, string]

/**
 * Makes seats of the course's events free, as `npm run refill` does it, in the database that `DB_*` names.
 *
 * @throws {InvalidArgument} when that was not possible
 */
export async function refill(): Promise<void> {
  if (!existsSync(COMMAND))
    throw new InvalidArgument(
      `--refill needs the repository; with Compose: docker compose exec events node services/events/src/refill/main.ts --seats ${REFILL_SEATS}`,
    )
  try {
    await promisify(execFile)(process.execPath, [WITH_STORES, COMMAND, '--seats', String(REFILL_SEATS)])
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    throw new InvalidArgument(`--refill: ${stderr.trim().split('\n').at(-1) || message}`)
  }
}
