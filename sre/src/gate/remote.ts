import { CannotTell } from '../verb.ts'
import type { GateAnswer } from './decide.ts'

const TIMEOUT_MS = 10_000

/**
 * Asks the server of `npm run sre -- serve`, which knows the incidents and overrides.
 *
 * @throws {CannotTell} when it does not answer, or does not know the service
 */
export async function askServer(sreUrl: string, service: string): Promise<GateAnswer> {
  const url = `${sreUrl.replace(/\/+$/, '')}/gate?${new URLSearchParams({ service })}`
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: Error) => {
    throw new CannotTell(`The server does not answer: ${error.message}`, url)
  })
  const body = (await answer.json().catch(() => undefined)) as GateAnswer | undefined
  if (answer.ok && typeof body?.allowed === 'boolean' && Array.isArray(body.conditions)) return body
  throw new CannotTell(`The server answers ${answer.status}, and not whether ${service} may be released`, url)
}
