/**
 * Lab 11, 3: which failures of a charge are transient, so that a retry may succeed.
 *
 * To do: true for
 * - no answer at all, or none in time: `UpstreamError` of @quickticket/kit/http-client,
 * - an answer of 500 or above, or of 408 or 429: `ChargeRefused` of @quickticket/gateway/payments-client, with its `status`.
 *
 * Everything else is permanent: other 4xx, and bugs in our own code.
 */
export function isTransient(_error: unknown): boolean {
  // TODO
  return false
}
