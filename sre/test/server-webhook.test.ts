import { existsSync } from 'node:fs'
import { waitUntil } from '@quickticket/local/wait'
import { describe, expect, test } from 'vitest'
import { message, startServer, TOKEN } from './server-kit.ts'

const DOWN = { alertname: 'SomethingIsDown', severity: 'critical', service: 'payments' }

describe('the token', () => {
  test.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['the token as a password', { authorization: `Basic ${TOKEN}` }],
  ])('with %s nothing is taken', async (_name, headers) => {
    const { post, get } = startServer()
    const answers = [
      await post('/alerts', message([{ labels: DOWN }]), headers),
      await post('/incidents', { title: 'x', severity: 1 }, headers),
      await post('/incidents/1/resolve', {}, headers),
    ]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401])
    expect((await get('/incidents')).json().incidents).toEqual([])
  })

  test('a server without SRE_TOKEN refuses what changes something, and answers the rest', async () => {
    const { post, get } = startServer({ SRE_TOKEN: '' })
    const refused = await post('/alerts', message([{ labels: DOWN }]), { authorization: 'Bearer ' })
    expect(refused.statusCode).toBe(403)
    expect(refused.json()).toMatchObject({
      error: 'no_token_set',
      detail: 'The server was started without SRE_TOKEN: it takes no alerts and no changes',
    })
    expect((await get('/incidents')).json()).toMatchObject({ incidents: [] })
  })
})

describe('what alerts carry is text', () => {
  const marker = '/tmp/sre-webhook-was-run'
  const hostile = {
    alertname: `SomethingIsDown$(touch ${marker})\`touch ${marker}\`; touch ${marker} #`,
    severity: 'critical',
    service: `payments"; DROP TABLE incidents; --`,
    html: '<script>alert(1)</script><img src=x onerror=alert(1)>',
    control: '\u0000\u001b[2J\u0007\u202e',
  }

  test('shell, SQL, HTML and control characters are stored as they came, and change nothing', async () => {
    const { post, get } = startServer()
    const annotations = { runbook_url: `http://x/$(touch ${marker})`, summary: hostile.html }
    const answer = await post('/alerts', message([{ labels: hostile, annotations }]))
    expect(answer.json()).toEqual({ opened: ['INC-0001'], changed: ['INC-0001'] })
    const { alerts, timeline } = (await get('/incidents/1')).json()
    expect(alerts).toMatchObject([{ labels: hostile, annotations }])
    expect(timeline.map(({ kind }: { kind: string }) => kind)).toEqual(['alert'])
    expect((await get('/incidents')).json().incidents).toHaveLength(1)
    expect(existsSync(marker)).toBe(false)
    const page = await get('/')
    expect(page.statusCode).toBe(200)
    expect(page.body).not.toContain('<script>alert')
    expect(page.body).not.toContain('<img src=x')
  })

  test('a label called constructor is a label', async () => {
    const { app, get } = startServer()
    const payload = JSON.stringify(message([{ labels: DOWN }])).replace(
      '"SomethingIsDown"',
      '"SomethingIsDown","constructor":"c"',
    )
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
    expect((await app.inject({ method: 'POST', url: '/alerts', payload, headers })).statusCode).toBe(200)
    expect((await get('/incidents/1')).json().alerts[0].labels).toEqual({ ...DOWN, constructor: 'c' })
  })

  test('a label of 1 MB is kept, and the timeline shows the beginning', async () => {
    const { post, get } = startServer()
    const long = 'A'.repeat(1024 * 1024)
    const alert = { ...message([{ labels: DOWN }]).alerts[0], labels: { ...DOWN, alertname: long } }
    const withPrint = { ...message([]), alerts: [{ ...alert, fingerprint: 'abc123' }] }
    expect((await post('/alerts', withPrint)).statusCode).toBe(200)
    const incident = (await get('/incidents/1')).json()
    expect(incident.alerts[0].labels.alertname).toBe(long)
    expect(incident.title.length).toBeLessThan(200)
    expect(JSON.stringify(incident.timeline).length).toBeLessThan(1000)
  })

  test('more than 8 MiB is refused as a whole', async () => {
    const { post } = startServer()
    const answer = await post('/alerts', message([{ labels: { ...DOWN, x: 'A'.repeat(8 * 1024 * 1024) } }]))
    expect(answer.statusCode).toBe(413)
    expect(answer.json().detail).toBe('The body is larger than 8 MiB')
  })
})

test.each([
  ['version', { ...message([]), version: '3' }, 'version must be "4"'],
  ['alerts', { version: '4', groupKey: '' }, 'alerts must be a list'],
  [
    'status',
    { version: '4', alerts: [{ status: 'burning' }] },
    'alerts[0].status must be firing or resolved',
  ],
  ['a label', message([{ labels: { a: 1 as unknown as string } }]), 'alerts[0].labels must have texts only'],
  ['startsAt', message([{ labels: {}, startsAt: 'today' }]), 'alerts[0].startsAt must be a time'],
  [
    'zone',
    message([{ labels: {}, startsAt: '2026-11-28T12:00:00' }]),
    'alerts[0].startsAt must be a time such as 2026-01-31T12:00:00Z',
  ],
])('a message whose %s is wrong is refused with what is allowed', async (_name, payload, detail) => {
  const answer = await startServer().post('/alerts', payload)
  expect(answer.statusCode).toBe(400)
  expect(answer.json().detail).toContain(detail)
})

test('incidents are changed as by the command line, and what is not allowed says what is', async () => {
  const { post, get } = startServer()
  const opened = await post('/incidents', { title: 'Refunds are late', severity: 3, services: ['payments'] })
  expect(opened.statusCode).toBe(201)
  expect(opened.headers.location).toBe('/incidents/INC-0001')
  await post('/incidents/INC-0001/assign', { commander: 'ana', author: 'ben' })
  await post('/incidents/1/updates', { status: 'identified', note: 'a queue is stuck' })
  const again = await post('/incidents/1/updates', { status: 'identified' })
  expect(again.statusCode).toBe(409)
  expect(again.json().detail).toBe(
    'INC-0001 is identified already; it can become investigating, monitoring, resolved',
  )
  expect((await post('/incidents/1/resolve', {})).json()).toMatchObject({
    status: 'resolved',
    commander: 'ana',
  })
  expect((await post('/incidents/1/assign', { commander: 'x' })).statusCode).toBe(409)
  expect((await post('/incidents/1/updates', { note: 'the queue has a limit now' })).statusCode).toBe(200)
  expect((await post('/incidents/9/resolve', {})).statusCode).toBe(404)
  expect((await post('/incidents/x/resolve', {})).statusCode).toBe(400)
  expect((await post('/incidents', { title: 'x', severity: 5 })).statusCode).toBe(400)
  const { timeline } = (await get('/incidents/1')).json()
  expect(timeline.map(({ author, text }: Record<string, string>) => `${author}: ${text}`)).toEqual([
    'api: opened: investigating',
    'ben: commander: ana',
    'api: investigating → identified',
    'api: a queue is stuck',
    'api: identified → resolved',
    'api: the queue has a limit now',
  ])
})

test.each([
  ['a title of blanks', '/incidents', { title: '  ', severity: 1 }],
  ['a service of blanks', '/incidents', { title: 'x', severity: 1, services: [' '] }],
  ['a commander of blanks', '/incidents/1/assign', { commander: ' ' }],
  ['a note of blanks', '/incidents/1/updates', { note: ' \n\t' }],
  ['an author and nothing else', '/incidents/1/updates', { author: 'ana' }],
  ['no services', '/incidents/1/updates', { services: [] }],
  ['a last note of blanks', '/incidents/1/resolve', { note: ' ' }],
])('%s is refused, and acknowledges nothing', async (_name, url, payload) => {
  const { post, get } = startServer()
  await post('/alerts', message([{ labels: DOWN }]))
  const answer = await post(url, payload)
  expect(answer.statusCode).toBe(400)
  expect((await get('/incidents')).json().incidents).toMatchObject([
    { id: 'INC-0001', status: 'investigating', commander: null, acknowledged_at: null },
  ])
})

test('metrics count alerts, open incidents and the state of the database', async () => {
  const { post, get } = startServer()
  await post('/alerts', message([{ labels: DOWN }, { labels: { ...DOWN, instance: 'b' } }]))
  await post('/alerts', message([{ labels: DOWN, endsAt: '2026-11-28T12:05:00Z' }]))
  const { body } = await get('/metrics')
  const lines = body.split('\n').filter((line) => /^sre_(alerts|incidents|store)/.test(line))
  expect(lines).toEqual([
    'sre_alerts_received_total{status="firing"} 2',
    'sre_alerts_received_total{status="resolved"} 1',
    'sre_store_errors_total 0',
    'sre_incidents_open{severity="1"} 0',
    'sre_incidents_open{severity="2"} 1',
    'sre_incidents_open{severity="3"} 0',
    'sre_incidents_open{severity="4"} 0',
    'sre_store_works 1',
  ])
})

test('an alert with a runbook that may run by itself: its output is attached, and the webhook does not wait', async () => {
  // no command is found: what is run is not the point
  const { post, get } = startServer({ PATH: '/nonexistent' })
  const targetDown = { ...DOWN, alertname: 'TargetDown' }
  expect((await post('/alerts', message([{ labels: targetDown }]))).statusCode).toBe(200)
  const runbooks = async () => {
    const { timeline } = (await get('/incidents/1')).json()
    return timeline.filter(({ kind }: { kind: string }) => kind === 'runbook')
  }
  expect(await waitUntil(async () => (await runbooks()).length > 0, 20_000)).toBe(true)
  expect((await runbooks())[0].text).toMatch(/^runbook target-down, run 1: /)
  // the same alert again runs nothing again
  await post('/alerts', message([{ labels: targetDown }]))
  expect(await runbooks()).toHaveLength(1)
})
