import { loadConfig } from '@quickticket/kit/config'
import { buildApp } from '@quickticket/payments/app'
import { variables } from '@quickticket/payments/config'
import { captureLog } from './captured-log.ts'

/** The payments service as it is with these variables, and what it logs. */
export async function paymentsApp(env: Record<string, string> = {}) {
  const config = loadConfig(variables, env)
  const logs = captureLog(config.LOG_LEVEL, 'payments')
  const app = await buildApp(config, '1.0.0', logs.log)
  let afterCharge: (() => unknown) | undefined
  app.addHook('onSend', async (request) => {
    if (request.url === '/charge') await afterCharge?.()
  })
  const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url, payload, headers })
  return {
    app,
    logs,
    charge: (reservation_id: string, more: object = {}, headers: Record<string, string> = {}) =>
      post('/charge', { reservation_id, amount: 5000, ...more }, headers),
    void: (reservation_id: string, headers: Record<string, string> = {}) =>
      post('/void', { reservation_id }, headers),
    /** Does something between a charge and its answer. */
    onCharge(work: (() => unknown) | undefined): void {
      afterCharge = work
    },
    /** the lines that say what happened to money */
    ledger: () => logs.lines().filter((line) => 'ledger' in line),
  }
}
