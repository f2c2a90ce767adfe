import type { App } from '@quickticket/kit/app'
import { bearerToken, createSecretCheck, unauthorized } from '@quickticket/kit/bearer'
import { Problem } from '@quickticket/kit/problem'

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Every request to the routes of a scope that could change something has to show the token; without one they are refused. */
export function requireToken(scope: App, token: string): void {
  const isToken = createSecretCheck([token])
  scope.addHook('onRequest', async ({ method, headers }) => {
    if (READING.has(method)) return
    if (token === '')
      throw new Problem(
        403,
        'no_token_set',
        'The server was started without SRE_TOKEN: it takes no alerts and no changes',
      )
    const given = bearerToken(headers.authorization)
    if (given === undefined || !isToken(given)) throw unauthorized('sre', given)
  })
}
