import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@quickticket/testing/free-port'
import { expect, onTestFinished, test } from 'vitest'
import { forward } from '../receiver/forward.ts'
import type { Notice } from '../receiver/notices.ts'
import { createReceiver } from '../receiver/receiver.ts'
import { fromRoot } from '../src/dashboards/files.ts'
import { runbookNames } from '../src/runbooks.ts'

const RUNBOOKS = fromRoot('docs/runbooks')

interface Shown {
  firing: Notice[]
  alerts: Notice[]
}

async function startReceiver(runbooks = RUNBOOKS) {
  const told: Notice[] = []
  const server = createReceiver({ runbooks, onNotice: (notice) => told.push(notice) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const get = (path: string, headers: Record<string, string> = {}) => fetch(url + path, { headers })
  return {
    get,
    url,
    told,
    send: (body: unknown, type = 'application/json') =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    shown: async () => (await (await get('/alerts')).json()) as Shown,
    page: async () => (await get('/', { accept: 'text/html' })).text(),
  }
}

const alert = (status: string, labels: object, annotations: object = {}) => ({
  status,
  labels,
  annotations,
  startsAt: '2026-11-28T04:00:00Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://localhost:9090/graph',
  fingerprint: 'c1d2',
})

/** What Alertmanager 0.28 sends. */
const ofAlertmanager = (...alerts: object[]) => ({
  version: '4',
  groupKey: '{}:{alertname="TargetDown"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'quickticket-alerts',
  groupLabels: { alertname: 'TargetDown' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://localhost:9093',
  alerts,
})

test('what Alertmanager sends is on the page with its runbook, and over when it is resolved', async () => {
  const { send, shown, page, told } = await startReceiver()
  const labels = { alertname: 'TargetDown', severity: 'critical', service: 'payments' }
  const runbook_url = 'http://localhost:9094/docs/runbooks/target-down.md'
  await send(ofAlertmanager(alert('firing', labels, { summary: 'payments is gone', runbook_url })))

  expect((await shown()).firing).toMatchObject([{ status: 'firing', labels, annotations: { runbook_url } }])
  expect(await page()).toContain(`<a href="${runbook_url}">runbook</a>`)
  expect(await page()).toContain('TargetDown (payments)')
  expect(told).toHaveLength(1)

  await send(ofAlertmanager(alert('resolved', labels)))
  const { firing, alerts } = await shown()
  expect(firing).toEqual([])
  expect(alerts.map(({ status }) => status)).toEqual(['resolved', 'firing'])
})

test('what the contact point of Grafana sends is taken as well', async () => {
  const { send, shown } = await startReceiver()
  const one = {
    ...alert('firing', { alertname: 'QuickTicket High Error Rate', grafana_folder: 'QuickTicket' }),
    values: { B: 12.5, C: 1 },
    dashboardURL: 'http://localhost:3000/d/quickticket-golden-signals',
    panelURL: '',
    silenceURL: '',
  }
  const message = {
    ...ofAlertmanager(one),
    orgId: 1,
    title: '[FIRING:1]',
    state: 'alerting',
    message: '**Firing**',
  }
  const answer = await send(message)
  expect([answer.status, await answer.json()]).toEqual([200, { taken: 1 }])
  expect((await shown()).firing[0]?.labels.alertname).toBe('QuickTicket High Error Rate')
})

test('texts from outside stay texts, and no link leads to a script', async () => {
  const { send, page, get } = await startReceiver()
  const evil = '<img src=x onerror=alert(1)>"\'&'
  const annotations = { summary: evil, runbook_url: 'javascript:alert(1)', dashboard: 'http://x/"><script>' }
  await send(ofAlertmanager(alert('firing', { alertname: evil, severity: evil, service: evil }, annotations)))
  const text = await page()
  expect(text).toContain('&#60;img')
  expect(text).not.toMatch(/<img|<script|href="javascript/)
  const { headers } = await get('/')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('labels that are called like parts of objects are labels', async () => {
  const { send, page } = await startReceiver()
  const answer = await send(
    '{"alerts":[{"status":"firing","labels":{"__proto__":"a","constructor":"b"},"annotations":null}]}',
  )
  expect(answer.status).toBe(200)
  expect(await page()).toContain('without a name')
})

test('only the newest are kept, whatever comes', async () => {
  const { send, shown } = await startReceiver()
  const many = (from: number, count: number) =>
    ofAlertmanager(
      ...Array.from({ length: count }, (_, index) => alert('firing', { alertname: `A${from + index}` })),
    )
  await send(many(0, 1000))
  await send(many(1000, 50))
  const { alerts } = await shown()
  expect(alerts).toHaveLength(200)
  expect(alerts[0]?.labels.alertname).toBe('A1049')
  expect(alerts[199]?.labels.alertname).toBe('A850')

  const huge = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`l${index}`, 'x'.repeat(1000)]))
  await send(ofAlertmanager(alert('firing', huge, huge)))
  const [newest] = (await shown()).alerts
  expect(JSON.stringify(newest).length).toBeLessThan(30_000)
})

test.each([
  ['not JSON', '{', 400],
  ['not an object', '[]', 400],
  ['without alerts', '{"hello":"world"}', 400],
  ['with a state that is none', '{"alerts":[{"status":"maybe"}]}', 400],
  ['with an alert that is none', '{"alerts":[null]}', 400],
  ['longer than 1 MiB', `{"alerts":[],"x":"${'y'.repeat(1024 * 1024)}"}`, 413],
])('a message %s is refused, and nothing of it is kept', async (_, body, status) => {
  const { send, shown } = await startReceiver()
  expect((await send(body)).status).toBe(status)
  expect((await shown()).alerts).toEqual([])
})

test('the page of another site cannot send alerts', async () => {
  const { send } = await startReceiver()
  expect((await send(ofAlertmanager(), 'text/plain')).status).toBe(415)
})

test('every runbook is there, as text for a terminal and as a page for a browser', async () => {
  const { get } = await startReceiver()
  for (const name of runbookNames()) {
    const text = await get(`/docs/runbooks/${name}.md`, { accept: '*/*' })
    expect(text.headers.get('content-type')).toContain('text/markdown')
    expect(await text.text()).toMatch(/^# /)
    const page = await get(`/docs/runbooks/${name}.md`, { accept: 'text/html' })
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(await page.text()).toContain('<pre># ')
  }
  expect(await (await get('/docs/runbooks/')).text()).toContain('/docs/runbooks/target-down.md')
})

test('runbooks link to each other', async () => {
  const runbooks = mkdtempSync(join(tmpdir(), 'quickticket-runbooks-'))
  onTestFinished(() => rmSync(runbooks, { recursive: true }))
  writeFileSync(join(runbooks, 'one.md'), '# One <b>\n\nSee [the other](two.md#part) and [a](../x.md).\n')
  const { get } = await startReceiver(runbooks)
  const text = await (await get('/docs/runbooks/one.md', { accept: 'text/html' })).text()
  expect(text).toContain('<a href="/docs/runbooks/two.md">the other</a>')
  expect(text).toContain('# One &#60;b&#62;')
})

test.each([
  '/docs/runbooks/../../package.json',
  '/docs/runbooks/%2e%2e/labs/lab01.md',
  '/docs/runbooks/x.md',
  '/x',
])('%s is not there', async (path) => {
  const { url } = await startReceiver()
  expect(await statusLineOf(Number(new URL(url).port), path)).toBe('HTTP/1.1 404 Not Found')
})

/** As it is written: fetch would resolve the dots itself. */
async function statusLineOf(port: number, path: string): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1')
  socket.end(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
  const chunks = await socket.toArray()
  return Buffer.concat(chunks).toString().split('\r\n')[0]
}

test('what is asked at once on one connection is answered in order, also after a client that left', async () => {
  const { url, send } = await startReceiver()
  const port = Number(new URL(url).port)
  await send(ofAlertmanager(...Array.from({ length: 200 }, () => alert('firing', { alertname: 'A' }))))
  const left = connect(port, '127.0.0.1')
  left.write('GET /alerts HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(300))
  left.once('data', () => left.destroy())
  await once(left, 'close')

  const socket = connect(port, '127.0.0.1')
  const asked = ['/livez', '/x', '/alerts', '/livez', '/docs/runbooks/target-down.md']
  const last = 'GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
  socket.write(asked.map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join('') + last)
  const text = Buffer.concat(await socket.toArray()).toString()
  expect([...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))).toEqual([
    200, 404, 200, 200, 200, 404,
  ])
})

test('the program listens, logs what came, and ends at SIGTERM although a connection is open', async () => {
  const child = spawn(process.execPath, [fromRoot('monitoring/receiver/main.ts')], {
    env: { PORT: '0', HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [first] = (await once(child.stdout, 'data')) as [Buffer]
  const { port } = JSON.parse(first.toString()) as { port: number }
  const url = `http://127.0.0.1:${port}`
  await fetch(`${url}/livez`)
  const line = once(child.stdout, 'data')
  await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ofAlertmanager(alert('firing', { alertname: 'NoTraffic', severity: 'warning' }))),
  })
  const [logged] = (await line) as [Buffer]
  expect(JSON.parse(logged.toString())).toMatchObject({
    level: 'WARNING',
    service: 'alert-receiver',
    msg: 'alert firing',
    alertname: 'NoTraffic',
  })
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})

test('a message is sent on as it came, with the token; a name that does not resolve is no failure', async () => {
  const came: { body: string; authorization: string | undefined }[] = []
  let status = 202
  const other = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      came.push({ body: Buffer.concat(chunks).toString(), authorization: request.headers.authorization })
      response.writeHead(status).end()
    })
  }).listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/alerts`

  expect(await forward('{"alerts":[]}', { url, token: 't' })).toBeUndefined()
  expect(came).toEqual([{ body: '{"alerts":[]}', authorization: 'Bearer t' }])
  status = 503
  expect(await forward('{}', { url, token: 't' })).toBe('it answers 503')
  expect(await forward('{}', { url: 'http://sre.invalid/alerts', token: 't' })).toBeUndefined()
  const closed = `http://127.0.0.1:${await freePort()}/alerts`
  expect(await forward('{}', { url: closed, token: 't' })).toBe('ECONNREFUSED')
})
