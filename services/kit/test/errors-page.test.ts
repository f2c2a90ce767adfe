import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { captureLog } from '@quickticket/testing/captured-log'
import { expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { docs } from '../src/docs.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const page = readFileSync(`${root}/docs/errors.md`, 'utf8')
const explained = [...page.matchAll(/^## (\w+)$/gm)].map(([, code]) => code as string)

/** Codes in the source: of `new Problem(status, 'code', …)` and `unavailable('code', …)`, and those chosen from a list. */
function codesInSource(): Set<string> {
  const files = globSync('services/*/src/**/*.ts', { cwd: root })
  const text = files.map((file) => readFileSync(`${root}/${file}`, 'utf8')).join('\n')
  const thrown = text.matchAll(/new Problem\(\s*[^,()]+,\s*'(\w+)'|\bunavailable\(\s*'(\w+)'/g)
  const chosen = text.matchAll(/\[\w+Error, '(\w+)'\]|[:=] '(injected_fault|charge_expired)'/g)
  return new Set([...thrown, ...chosen].map(([, one, other]) => (one ?? other) as string))
}

test('each code that a service answers has its section, and each section has a code', () => {
  expect(explained.toSorted()).toEqual([...codesInSource()].toSorted())
})

test('the type of a problem leads to its section', async () => {
  const app = createApp({ log: captureLog().log, maxConcurrentRequests: 0 })
  docs(app, { title: 'Example', version: '1.0.0', description: 'An example' })
  const { type } = (await app.inject('/nowhere')).json()
  const url = new URL(type, 'http://shop.example/nowhere')
  const answer = await app.inject(url.pathname)
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(answer.body).toContain(`id="${url.hash.slice(1)}"`)
  await app.close()
})
