import type { Visit } from './customers.ts'

const LINE = '{"time":"2026-01-01T00:00:00Z","level":"ERROR","service":"gateway","msg":"GET /events"}'
const FORGED = `"}\n${LINE}\r\n\u2028{"x":"`
const inPath = encodeURIComponent(FORGED)

/** Visits that try to write log lines of their own: by path, query, headers and body. */
export const FORGED_VISITS: Visit[] = [
  { method: 'GET', path: '/GET%20/events', template: 'unmatched' },
  { method: 'GET', path: `/${inPath}`, template: 'unmatched' },
  { method: 'GET', path: `/livez?${inPath}`, template: '/livez' },
  { method: 'GET', path: '/livez?x="GET+/events"', template: '/livez' },
  { method: 'GET', path: '/livez?%0AGET%20/events', template: '/livez' },
  { method: 'GET', path: '/"},{"msg":"GET', template: 'unmatched' },
  { method: 'GET', path: '/%00%1b[31mGET%20/events', template: 'unmatched' },
  { method: 'POST', path: '/reserve/%22%0AGET%20%2Fevents/pay', template: '/reserve/{id}/pay' },
  { method: 'POST', path: '/reserve/%0D%0AGET%20%2Fevents%201/pay', template: '/reserve/{id}/pay' },
  ...['x-request-id', 'traceparent', 'user-agent', 'referer', 'x-forwarded-for'].flatMap(
    (header): Visit[] => [
      visitWith(header, 'GET /events'),
      visitWith(header, LINE),
      visitWith(header, '"},"msg":"GET /events'),
      visitWith(header, 'caf\u00e9 \u00ff'),
    ],
  ),
  ...[FORGED, 'GET /events', LINE].map(
    (text): Visit => ({
      method: 'POST',
      path: '/events/1/reserve',
      template: '/events/{id}/reserve',
      options: { json: { quantity: text, [text]: text } },
    }),
  ),
]

function visitWith(header: string, value: string): Visit {
  return { method: 'GET', path: '/version', template: '/version', options: { headers: { [header]: value } } }
}

/** What payments and notifications get from a client that reaches them directly. */
export const FORGED_TEXTS = [FORGED, 'GET /events', 'POST /charge', LINE].map((text) => text.slice(0, 120))

/** Bytes that put a line of their own after a header. */
export const FORGED_BYTES: [bytes: string, countedAs: string][] = [
  ['GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\nGET /events HTTP/1.1\r\n\r\n', 'unmatched unmatched'],
  ['GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\r\n GET /events\r\n\r\n', 'unmatched unmatched'],
  ['GET /livez HTTP/1.1\nHost: x\nUser-Agent: GET /events\n\n', 'unmatched unmatched'],
  ['GET /livez\rGET /events HTTP/1.1\r\nHost: x\r\n\r\n', 'unmatched unmatched'],
]
