import type { UpstreamFailure, UpstreamRequest } from '../http-client.ts'
import { pathOf } from '../route-template.ts'
import type { ActiveSpan } from './span.ts'

/**
 * Starts the client span of one HTTP call; undefined without a sampled span above it.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 */
export function startCallSpan(
  above: ActiveSpan | undefined,
  { method, path, template = pathOf(path), resendCount = 0 }: UpstreamRequest,
  server: URL,
): ActiveSpan | undefined {
  if (!above?.isRecording()) return undefined
  return above.start(`${method} ${template}`, 'client', {
    'http.request.method': method,
    'url.template': template,
    // without the query, which a client may have written
    'url.full': server.origin + pathOf(path),
    'server.address': server.hostname,
    'server.port': Number(server.port) || (server.protocol === 'https:' ? 443 : 80),
    ...(resendCount > 0 && { 'http.request.resend_count': resendCount }),
  })
}

/** Ends it with the status of the answer, or with the reason why there was none. */
export function endCallSpan(span: ActiveSpan | undefined, outcome: number | UpstreamFailure): void {
  if (!span) return
  if (typeof outcome === 'number') span.set({ 'http.response.status_code': outcome })
  if (typeof outcome === 'string' || outcome >= 400) span.fail(String(outcome))
  span.end()
}
