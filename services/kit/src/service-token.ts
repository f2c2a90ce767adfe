import type { FastifyInstance } from 'fastify'
import { bearerToken, recognize, unauthorized } from './bearer.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** asks for a token of its own: the one of the services is not looked at */
    ownToken?: boolean
  }
}

const TOKEN = /^[\w.~+/=-]{16,}$/

/**
 * Reads `SERVICE_TOKEN`: one token, or several with commas between them. All are accepted and the first is sent, so that a
 * token can be replaced while services with the old one and with the new one run beside each other.
 *
 * @throws {Error} when one is too short or has characters that a header cannot carry; it does not say which
 */
export function readTokens(text: string): string[] {
  const tokens = text.split(',').map((token) => token.trim())
  if (!tokens.every((token) => TOKEN.test(token)))
    throw new Error('a token is too short, or has other characters')
  return tokens
}

/**
 * For the health check of another service by one that has no token: the other one refuses it if it would refuse every request,
 * and does not look at it otherwise.
 */
export const NO_TOKEN = { authorization: 'Bearer none' }

/** The token to send; undefined when there is none. */
export function tokenToSend(text: string): string | undefined {
  return text === '' ? undefined : readTokens(text)[0]
}

/**
 * Answers 401 to requests that do not show one of the tokens (empty: to none). Operational routes are open to all, because
 * kubelets and Prometheus have no token; yet a wrong one is refused there as well, so that the health check of a service
 * whose requests would be refused says so. /faults has a token of its own.
 */
export function demandServiceToken(app: FastifyInstance, text: string): void {
  if (text === '') return
  const isToken = recognize(readTokens(text))
  app.addHook('onRequest', (request, _reply, done) => {
    const given = bearerToken(request.headers.authorization)
    if (given !== undefined && isToken(given)) return done()
    const { ops, ownToken } = request.routeOptions.config
    if (ownToken || (ops && given === undefined)) return done()
    done(unauthorized('service', given))
  })
}
