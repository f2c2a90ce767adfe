import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { captureLog } from '@quickticket/testing/captured-log'
import { onTestFinished } from 'vitest'
import { type Context, createContext } from '../src/context.ts'
import { createServer } from '../src/server/app.ts'
import { readServerConfig } from '../src/server/config.ts'
import { createReopenedStore } from '../src/server/reopened-store.ts'

export const TOKEN = 'a-token-of-a-test'
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` }

/** A server with a database of its own; Prometheus and Alertmanager do not answer unless they are given. */
export function startServer(variables: Record<string, string> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'sre-server-'))
  const env = {
    SRE_TOKEN: TOKEN,
    SRE_DATA_DIR: directory,
    SRE_CATCH_UP_MS: '3600000',
    PROMETHEUS_URL: 'http://127.0.0.1:1',
    ALERTMANAGER_URL: 'http://127.0.0.1:1',
    ...variables,
  }
  const context = createContext(env)
  const { log, ...logs } = captureLog()
  const store = createReopenedStore(join(directory, 'sre.db'), (trouble) =>
    log.error({ trouble }, 'database'),
  )
  const withStore: Context = Object.create(context, { store: { value: store } })
  const app = createServer(readServerConfig(env), { context: withStore, store, version: '1.0.0', log })
  onTestFinished(async () => {
    await app.close()
    rmSync(directory, { recursive: true })
  })
  return {
    app,
    store,
    logs,
    get: (url: string) => app.inject({ url }),
    post: (url: string, payload: object, headers: Record<string, string> = AUTHORIZED) =>
      app.inject({ method: 'POST', url, payload, headers }),
  }
}

export interface WebhookAlert {
  labels: Record<string, string>
  annotations?: Record<string, string>
  startsAt?: string
  endsAt?: string
}

/** What Alertmanager sends; an alert with an end is resolved. */
export function message(alerts: WebhookAlert[], groupKey = '{}:{}') {
  return {
    version: '4',
    groupKey,
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'sre',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager:9093',
    alerts: alerts.map(({ labels, annotations = {}, startsAt = '2026-11-28T12:00:00Z', endsAt }) => ({
      status: endsAt === undefined ? 'firing' : 'resolved',
      labels,
      annotations,
      startsAt,
      endsAt: endsAt ?? '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus:9090/graph',
      fingerprint: undefined,
    })),
  }
}
