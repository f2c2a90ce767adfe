import { type CheckResult, check } from '@quickticket/kit/health'

export interface RedisCheck {
  result: CheckResult
  /** what is wrong, when it is not ok */
  reason?: string
}

const TIMEOUT_MS = 1000
const CONSEQUENCE = 'reservations and payments are refused'

/** Says whether seats could be held now. @param ask rejects when they could not */
export async function checkRedis(ask: () => Promise<unknown>): Promise<RedisCheck> {
  let refusal: string | undefined
  const result = await check(async () => {
    try {
      await ask()
      return 'ok'
    } catch (error) {
      refusal = refusalOf(error)
      if (refusal === undefined) throw error
      return 'degraded'
    }
  }, TIMEOUT_MS)
  if (result === 'ok') return { result }
  const why = refusal === undefined ? 'Redis does not answer' : `Redis refuses to write (${refusal})`
  return { result, reason: `${why}: ${CONSEQUENCE}` }
}

/** The first word of an answer that is an error, such as READONLY or OOM; undefined when there was no answer. */
function refusalOf(error: unknown): string | undefined {
  const { name, message } = error as Error
  return name === 'ReplyError' ? /^[A-Z]+/.exec(message)?.[0] : undefined
}
