import { listen } from '@quickticket/testing/raw-http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { docs } from '../src/docs.ts'
import { exampleApp } from './example-app.ts'

const app = exampleApp()
let url: string

beforeAll(async () => {
  docs(app, { title: 'Example', description: 'An example', version: '1.2.3' })
  app.get('/documented', { schema: { summary: 'Documented' } }, async () => ({}))
  url = (await listen(app)).url
})
afterAll(() => app.close())

const FILE = '/docs/static/swagger-ui-bundle.js'
// fetch asks for what is not kept as soon as it is told what is
const ask = (path: string, headers = {}) => app.inject({ url: path, headers })

test.each([
  ['/docs', 'text/html', 'public, no-cache'],
  ['/docs/', 'text/html', 'public, no-cache'],
  ['/docs/json', 'application/json', 'public, no-cache'],
  ['/openapi.json', 'application/json', 'public, no-cache'],
  ['/docs/static/swagger-initializer.js', 'application/javascript', 'public, no-cache'],
  [FILE, 'application/javascript', 'public, max-age=3600'],
])('%s may be kept, and is sent once to those who keep it', async (path, type, cacheControl) => {
  for (const _ of ['made', 'kept']) {
    const answer = await ask(path)
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toContain(type)
    expect(answer.headers['cache-control']).toBe(cacheControl)
    expect(answer.headers['x-request-id']).toMatch(/^\w{32}$/)
    const { etag } = answer.headers
    expect(answer.payload.length).toBeGreaterThan(100)

    const again = await ask(path, { 'if-none-match': String(etag) })
    expect([again.statusCode, again.payload]).toEqual([304, ''])
    expect(again.headers).toMatchObject({ etag, 'cache-control': cacheControl })
    const other = await ask(path, { 'if-none-match': '"other"' })
    expect([other.statusCode, other.payload]).toEqual([200, answer.payload])
    const head = await app.inject({ method: 'HEAD', url: path })
    expect([head.statusCode, head.payload]).toEqual([200, ''])
    expect(head.headers['content-length']).toBe(String(answer.rawPayload.length))
  }
})

test('the schema is of the routes', async () => {
  const { info, paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    info: object
    paths: Record<string, { get: { summary: string } }>
  }
  expect(info).toMatchObject({ title: 'Example', version: '1.2.3' })
  expect(paths['/documented']?.get.summary).toBe('Documented')
})

test.each([
  '/docs/nothing',
  '/docs/static/nothing.js',
  '/docs/static/..%2f..%2fpackage.json',
  '/docs/static/%2e%2e/package.json',
  '/docs/static/a%00.js',
])('%s is a problem, and not kept', async (path) => {
  const answer = await fetch(url + path, { headers: { 'x-request-id': 'r-1' } })
  expect(answer.status).toBe(404)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  expect(await answer.json()).toMatchObject({ error: 'not_found', request_id: 'r-1' })
})
