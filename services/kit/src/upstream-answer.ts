import { type UpstreamAnswer, UpstreamError } from './http-client.ts'

/** with parameters that can be passed on */
const JSON_TYPE = /^application\/(?:problem\+)?json(?:[ \t]?;[\x20-\x7e]{0,64})?$/i

/**
 * The answer, when it is one that a service of ours gives: 200, 4xx or 5xx, with JSON. All else comes from what stands in its
 * place: another service, a proxy, a login page. Clients are not told what that said.
 *
 * @throws {UpstreamError}
 */
export function accept(target: string, answer: UpstreamAnswer): UpstreamAnswer {
  const { status, contentType } = answer
  if (status === 401 || status === 407)
    throw new UpstreamError(target, 'refused', new Error(`it answered ${status}: is SERVICE_TOKEN the same?`))
  const isForeseen = status === 200 || (status >= 400 && status < 600)
  if (isForeseen && JSON_TYPE.test(contentType)) return answer
  throw invalid(target, `it answered ${status} with ${JSON.stringify(contentType)}`)
}

/**
 * What an answer says.
 *
 * @param isRight whether this is what is said by the one who was asked
 * @throws {UpstreamError}
 */
export function read<T extends object>(
  target: string,
  { body }: UpstreamAnswer,
  isRight: (said: T) => boolean,
): T {
  const said = parse(body)
  if (typeof said === 'object' && said !== null && isRight(said as T)) return said as T
  throw invalid(target, 'its answer has another shape')
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

function invalid(target: string, message: string): UpstreamError {
  return new UpstreamError(target, 'invalid', new Error(message))
}
