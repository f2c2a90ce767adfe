import type { Log } from '@quickticket/kit/log'
import { sampleDatabase } from '../capacity/database-sample.ts'
import type { Context } from '../context.ts'
import { CannotTell } from '../verb.ts'

const HOUR_MS = 3_600_000

/** Keeps the sizes of the database each hour, so that `capacity` has a history of them. @returns ends it */
export function sampleSizes(context: Context, log: Log): () => void {
  const sample = () =>
    sampleDatabase(context).catch((error: Error) => {
      // where DB_* do not lead to it, there is no history
      if (!(error instanceof CannotTell))
        log.warn({ reason: error.message }, 'could not keep the sizes of the database')
    })
  void sample()
  const timer = setInterval(() => void sample(), HOUR_MS).unref()
  return () => clearInterval(timer)
}
