import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pathOf } from './route-template.ts'

const FILES_CACHE_CONTROL = 'public, max-age=3600'
const PAGES_CACHE_CONTROL = 'public, no-cache'

interface Page {
  body: string
  contentType: string
  etag: string
}

/**
 * Caches each page in memory, for an application whose pages do not change while it runs. Clients may cache pages and files;
 * a client with the current ETag gets 304.
 */
export function cachePages(app: FastifyInstance): void {
  const pages = new Map<string, Page>()

  app.addHook('onRequest', (request, reply, done) => {
    const page = pages.get(pathOf(request.url))
    if (page) sendPage(page, request, reply)
    else done()
  })

  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id)
    if (reply.statusCode >= 400) return done(null, payload)
    const isFile = request.routeOptions.url?.includes('*')
    reply.header('cache-control', isFile ? FILES_CACHE_CONTROL : PAGES_CACHE_CONTROL)
    if (isFile || request.method !== 'GET' || typeof payload !== 'string') return done(null, payload)
    const path = pathOf(request.url)
    const page = pages.get(path) ?? pageOf(payload, reply)
    if (reply.statusCode === 200) pages.set(path, page)
    reply.header('etag', page.etag)
    done(null, payload)
  })
}

function pageOf(body: string, reply: FastifyReply): Page {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
  return { body, contentType: String(reply.getHeader('content-type')), etag }
}

function sendPage({ body, contentType, etag }: Page, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('etag', etag)
  if (request.headers['if-none-match']?.includes(etag)) reply.code(304).send()
  else reply.type(contentType).serializer(String).send(body)
}
