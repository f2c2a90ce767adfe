import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@quickticket/testing/free-port'
import { COMPILE_CACHE, launchProgram, type Program } from '@quickticket/testing/program'
import { type PrometheusServer, prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createIncident, resolve } from '../src/incident/change.ts'
import { openStore } from '../src/store/store.ts'
import { browserProgram, lowContrast, startBrowser, watchPage } from './browser.ts'
import { budgetHistory, END_S } from './budget-history.ts'

const EVIL = `<img src=x onerror=alert(1)> & "quotes" $(reboot)`

let browser: Browser
let dataDir: string

describe.skipIf(!browserProgram)('in Chromium, skipped where there is none', () => {
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'quickticket-page-'))
    const store = openStore(join(dataDir, 'sre.db'))
    const change = { author: 'ada', now: END_S * 1000 - 600_000 }
    createIncident(store, { title: EVIL, severity: 1, services: ['payments'] }, change)
    const { number } = createIncident(
      store,
      { title: 'Redis away', severity: 3, services: ['events'] },
      change,
    )
    resolve(store, number, { author: 'ada', now: END_S * 1000 - 300_000 })
    store.close()
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    rmSync(dataDir, { recursive: true })
  })

  describe('without Prometheus', () => {
    let server: Program
    let url: string
    beforeAll(async () => {
      server = serve(`http://127.0.0.1:${await freePort()}`)
      url = await server.url()
    })
    afterAll(() => server.end())

    test('incidents are there, and each other part says why it is not', async () => {
      const page = await browser.newPage()
      const complaints = watchPage(page, url)
      await page.goto(url)
      expect(await section(page, 'Objectives').innerText()).toMatch(
        /unknown[\s\S]*Prometheus does not answer: ECONNREFUSED/,
      )
      expect(await section(page, 'Open incidents').innerText()).toContain(EVIL)
      expect(complaints).toEqual([])
      await page.close()
    })

    test('it has no script, asks for no other host and changes nothing', async () => {
      const answer = await fetch(url, { headers: { accept: 'text/html' } })
      expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'; style-src 'sha256-/)
      const text = await answer.text()
      expect(text).not.toMatch(/<script|<form|<img|javascript:/)
      const { status } = await fetch(`${url}/incidents`, { method: 'POST' })
      expect(status).toBe(401)
    })
  })

  describe.skipIf(!prometheusFrom)('with a real Prometheus, skipped where there is none', () => {
    let prometheus: PrometheusServer
    let server: Program
    let url: string
    let page: Page
    beforeAll(async () => {
      prometheus = await startPrometheus({ history: budgetHistory() })
      server = serve(prometheus.url)
      url = await server.url()
      page = await browser.newPage({ viewport: { width: 390, height: 844 } })
    })
    afterAll(async () => {
      await server.end()
      await prometheus.close()
    })

    test('an objective says what sre budget says, and links to its query', async () => {
      const budgets = (await (await fetch(`${url}/budgets`)).json()) as {
        slo: string
        left: { share: number }
      }[]
      const left = budgets.find(({ slo }) => slo === 'gateway-availability')?.left.share as number
      await page.goto(url)
      const card = page.locator('li.card').filter({ hasText: 'gateway-availability' })
      const shown = Number.parseFloat(await card.locator('.big').innerText())
      expect(shown).toBeCloseTo(left * 100, 0)
      const link = await card.getByRole('link').first().getAttribute('href')
      expect(decodeURIComponent(link as string)).toContain('gateway_requests_total')
    })

    test('what happened is there: the alert, the fault and the deploy', async () => {
      const texts = await Promise.all(
        ['Injected faults', 'Deploys', 'Resolved incidents'].map((title) => section(page, title).innerText()),
      )
      expect(texts).toEqual([
        expect.stringMatching(/error\s+payments/),
        expect.stringMatching(/v2\s+gateway/),
        expect.stringContaining('Redis away'),
      ])
    })

    test.each(['light', 'dark'] as const)('it can be read on a phone, %s', async (colorScheme) => {
      await page.emulateMedia({ colorScheme })
      await page.goto(url)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
      expect(await lowContrast(page)).toEqual([])
    })

    test('an incident has a page of its own, which the keyboard reaches', async () => {
      const link = page.getByRole('link', { name: 'INC-0001' })
      await link.focus()
      await page.keyboard.press('Enter')
      await page.waitForURL(`${url}/incidents/INC-0001`)
      expect(await page.locator('h1').innerText()).toContain(EVIL)
    })

    test('sre dashboard writes a file that works offline', async () => {
      const out = join(dataDir, 'slo.html')
      const { exited } = sre(['dashboard', '--out', out], prometheus.url)
      expect(await exited).toBe(0)
      const complaints = watchPage(page, 'file:')
      await page.goto(`file://${out}`)
      expect(await page.locator('li.card').filter({ hasText: 'gateway-availability' }).count()).toBe(1)
      expect(complaints).toEqual([])
      expect(readFileSync(out, 'utf8')).not.toContain('http-equiv="refresh"')
    })
  })
})

function section(page: Page, title: string): Locator {
  return page.locator('section').filter({ has: page.locator('h2', { hasText: title }) })
}

function serve(prometheusUrl: string): Program {
  return sre(['serve'], prometheusUrl)
}

function sre(args: string[], prometheusUrl: string): Program {
  return launchProgram(['sre/src/main.ts', ...args], {
    ...COMPILE_CACHE,
    SRE_PORT: '0',
    SRE_TOKEN: 'a-token-of-the-test',
    SRE_DATA_DIR: dataDir,
    SRE_SYSTEM: 'local',
    PROMETHEUS_URL: prometheusUrl,
    ALERTMANAGER_URL: prometheusUrl,
  })
}
