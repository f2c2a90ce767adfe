import type { FastifyInstance } from 'fastify'
import { bearerToken, createSecretCheck, unauthorized } from './bearer.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** the route requires a token of its own; SERVICE_TOKEN is not checked */
    ownToken?: boolean
  }
}

const TOKEN = /^[\w.~+/=-]{16,}$/

/**
 * Parses `SERVICE_TOKEN`: one token, or several with commas between them. All are accepted and the first is sent, so that a
 * token can be rotated while services with the old and with the new one run at the same time.
 *
 * @throws {Error} when one is too short or has characters that a header cannot carry; the message does not reveal it
 */
export function parseTokens(text: string): string[] {
  const tokens = text.split(',').map((token) => token.trim())
  if (!tokens.every((token) => TOKEN.test(token)))
    throw new Error('a token is too short, or has other characters')
  return tokens
}

/**
 * Sent with the health check of another service by a service without a token: a service that requires tokens answers 401, as
 * to every other request, and a service that requires none ignores it.
 */
export const NO_TOKEN = { authorization: 'Bearer none' }

/** The token to send; undefined when there is none. */
export function tokenToSend(text: string): string | undefined {
  return text === '' ? undefined : parseTokens(text)[0]
}

/**
 * Answers 401 to requests without one of the tokens (empty: no token is required). Operational routes need none, because
 * kubelets and Prometheus have none; but a wrong token is refused there too, so that the health check of a service with a
 * wrong token fails. /faults has a token of its own.
 */
export function requireServiceToken(app: FastifyInstance, text: string): void {
  if (text === '') return
  const isToken = createSecretCheck(parseTokens(text))
  app.addHook('onRequest', (request, _reply, done) => {
    const given = bearerToken(request.headers.authorization)
    if (given !== undefined && isToken(given)) return done()
    const { ops, ownToken } = request.routeOptions.config
    if (ownToken || (ops && given === undefined)) return done()
    done(unauthorized('service', given))
  })
}
