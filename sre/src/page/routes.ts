import { createHash } from 'node:crypto'
import type { App } from '@quickticket/kit/app'
import type { FastifyReply } from 'fastify'
import type { Context } from '../context.ts'
import { PLOT_STYLE } from '../plot/style.ts'
import { PAGE_STYLE } from './style.ts'

/** How often a browser loads the page again. */
const REFRESH_S = 15
/** Readers within this time share one answer: it costs some dozen queries. */
const SHARED_MS = 5000

const styleHashes = [PAGE_STYLE, PLOT_STYLE].map(
  (style) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`,
)
const POLICY = [
  "default-src 'none'",
  `style-src ${styleHashes.join(' ')}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The page at `/`, for readers: it changes nothing and has no script. */
export function pageRoute(app: App, context: Context): void {
  let shared: { at: number; page: Promise<string> } | undefined

  /** What the page is made with is loaded for its first reader: it takes a third of the server's memory. */
  async function load(): Promise<string> {
    const [{ gatherPage }, { renderPage }] = await Promise.all([import('./gather.ts'), import('./page.ts')])
    return renderPage(await gatherPage(context), context.prometheus, { refreshS: REFRESH_S })
  }

  function current(): Promise<string> {
    const now = context.now()
    if (!shared || now - shared.at >= SHARED_MS) {
      shared = { at: now, page: load() }
    }
    return shared.page
  }

  app.get('/', { schema: { hide: true } }, async (_request, reply) => sendPage(reply, await current()))
}

export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply
    .header('content-security-policy', POLICY)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .type('text/html; charset=utf-8')
    .send(page)
}
