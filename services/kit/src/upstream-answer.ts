import { type UpstreamAnswer, UpstreamError } from './http-client.ts'

/** with parameters that can be passed on */
const JSON_TYPE = /^application\/(?:problem\+)?json(?:[ \t]?;[\x20-\x7e]{0,64})?$/i

/**
 * Returns the answer if a service of ours may have given it: 200, 4xx or 5xx, with JSON. Any other answer comes from another
 * service, a proxy or a login page, and is not passed on to clients.
 *
 * @throws {UpstreamError} `refused` for 401 and 407, `invalid` for any other answer
 */
export function checkAnswer(target: string, answer: UpstreamAnswer): UpstreamAnswer {
  const { status, contentType } = answer
  if (status === 401 || status === 407)
    throw new UpstreamError(target, 'refused', new Error(`it answered ${status}: is SERVICE_TOKEN the same?`))
  const isExpected = status === 200 || (status >= 400 && status < 600)
  if (isExpected && JSON_TYPE.test(contentType)) return answer
  throw invalid(target, `it answered ${status} with ${JSON.stringify(contentType)}`)
}

/**
 * Parses the body of an answer.
 *
 * @param isValid whether the body has the fields that the caller needs
 * @throws {UpstreamError} `invalid` unless it is a JSON object that is valid
 */
export function parseAnswer<T extends object>(
  target: string,
  { body }: UpstreamAnswer,
  isValid: (body: T) => boolean,
): T {
  const parsed = parse(body)
  if (typeof parsed === 'object' && parsed !== null && isValid(parsed as T)) return parsed as T
  throw invalid(target, 'its answer has another shape')
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    // the caller reports it as an answer of another shape
    return undefined
  }
}

function invalid(target: string, message: string): UpstreamError {
  return new UpstreamError(target, 'invalid', new Error(message))
}
