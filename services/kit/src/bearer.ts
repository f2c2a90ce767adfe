import { createHash, timingSafeEqual } from 'node:crypto'
import { Problem } from './problem.ts'

const SCHEME = 'bearer '

/** The token of an Authorization header as in RFC 6750, section 2.1; undefined when the header has none. */
export function bearerToken(header: string | undefined): string | undefined {
  if (header?.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined
  return header.slice(SCHEME.length).trim() || undefined
}

/**
 * Makes a check whether a text is one of the secrets, in constant time: it compares the hashes of all secrets, so that its
 * duration reveals neither which secret was similar, nor how much of it, nor its length.
 */
export function createSecretCheck(secrets: string[]): (given: string) => boolean {
  const known = secrets.map(hash)
  return (given) => {
    const asked = hash(given)
    return known.filter((one) => timingSafeEqual(one, asked)).length > 0
  }
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * The 401 of RFC 6750, section 3.
 *
 * @param realm what the token is for
 * @param given the token that the client sent, if any
 */
export function unauthorized(realm: string, given: string | undefined): Problem {
  const challenge = `Bearer realm="${realm}"${given === undefined ? '' : ', error="invalid_token"'}`
  return new Problem(401, 'unauthorized', 'The token in the Authorization header is missing or wrong', {
    headers: { 'www-authenticate': challenge },
  })
}
