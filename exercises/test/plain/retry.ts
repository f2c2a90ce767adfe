import type { Retry, RetryOptions, Subjects } from '../../lab11/shapes.ts'

const DELAY = 'the wait is base · 2^attempt, and by chance up to one base more'
const WAITS = 'each wait is twice as long as the one before, and none is shorter than base · 2^attempt'
const LIMIT = 'attempts are limited, and the caller gets the last error'
const COUNTS = 'gateway_retry_total counts retried, succeeded_after_retry, exhausted and non_retryable'

/** Typical mistakes, and the requirement that finds each. */
export const mistakes = {
  'no jitter': DELAY,
  'jitter that is not used': 'calls that failed together do not retry together',
  'jitter in place of backoff': WAITS,
  'the same wait each time': WAITS,
  'no wait': WAITS,
  'retries permanent failures': 'a permanent failure is not retried',
  'one attempt too many': LIMIT,
  'one attempt too few': 'a transient failure is retried until the call succeeds',
  'an error of its own': LIMIT,
  'waits after the last attempt': 'after the last attempt there is no further wait',
  'no deadline': 'a wait that would outlast the deadline does not start',
  'a deadline for each attempt':
    'all attempts share one deadline: each gets what other attempts, waits and a bulkhead left of it',
  'forgets what was waited before':
    'all attempts share one deadline: each gets what other attempts, waits and a bulkhead left of it',
  'one count of attempts for all calls': 'concurrent calls are retried independently',
  'counts nothing': COUNTS,
  'counts every success': 'a call that succeeds is made once, and nothing is counted',
  'counts the last attempt as retried': COUNTS,
}

type Mistake = keyof typeof mistakes

export function solve(mistake?: Mistake): Subjects['retry'] {
  const retryDelayMs = (attempt: number, baseMs: number, random = Math.random) => {
    if (mistake === 'no wait') return 0
    const jitter = mistake === 'no jitter' ? 0 : random() * baseMs
    if (mistake === 'jitter in place of backoff') return jitter
    return baseMs * (mistake === 'the same wait each time' ? 1 : 2 ** attempt) + jitter
  }
  return { retryDelayMs, createRetry: (options) => createRetry(options, retryDelayMs, mistake) }
}

function createRetry(
  options: RetryOptions,
  delayMs: Subjects['retry']['retryDelayMs'],
  mistake?: Mistake,
): Retry {
  const { baseDelayMs, deadlineMs, isRetryable, target, retries } = options
  const attempts = options.attempts + (EXTRA[mistake ?? ''] ?? 0)
  let shared = 0
  const count = (result: string) => mistake !== 'counts nothing' && retries.inc({ target, result })

  return async (call, waitedMs = 0) => {
    const before = mistake === 'forgets what was waited before' ? 0 : waitedMs
    const endsAt = performance.now() + deadlineMs - before
    const leftMs = () => (mistake === 'a deadline for each attempt' ? deadlineMs : endsAt - performance.now())
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await call(leftMs())
        if (attempt > 0 || mistake === 'counts every success') count('succeeded_after_retry')
        return result
      } catch (error) {
        if (!isRetryable(error) && mistake !== 'retries permanent failures') {
          count('non_retryable')
          throw error
        }
        const made = mistake === 'one count of attempts for all calls' ? ++shared : attempt + 1
        const jitter = mistake === 'jitter that is not used' ? () => 0 : Math.random
        const waitMs = delayMs(attempt, baseDelayMs, jitter)
        const tooLate = waitMs >= leftMs() && mistake !== 'no deadline'
        if (made >= attempts || tooLate) {
          if (mistake === 'waits after the last attempt') await sleep(waitMs)
          if (mistake === 'counts the last attempt as retried') count('retried')
          count('exhausted')
          throw mistake === 'an error of its own' ? new Error('gave up') : error
        }
        count('retried')
        await sleep(waitMs)
      }
    }
  }
}

const EXTRA: Record<string, number> = { 'one attempt too many': 1, 'one attempt too few': -1 }

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
