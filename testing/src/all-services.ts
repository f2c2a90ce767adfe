import { loadConfig } from '@quickticket/kit/config'
import { buildApp as buildNotifications } from '@quickticket/notifications/app'
import { variables as notificationsVariables } from '@quickticket/notifications/config'
import { captureLog } from './captured-log.ts'
import { eventsApp } from './events-app.ts'
import { gatewayApp } from './gateway-app.ts'
import { paymentsApp } from './payments-app.ts'
import { listen } from './raw-http.ts'

/** All four services, each listening, the gateway in front of the others; `env` is for all of them. */
export async function openAllServices(
  env: Record<string, string> = {},
  gatewayEnv: Record<string, string> = env,
) {
  const notifications = await buildNotifications(
    loadConfig(notificationsVariables, env),
    '1.0.0',
    captureLog('info', 'notifications').log,
  )
  const { app: payments } = await paymentsApp(env)
  const PAYMENTS_URL = (await listen(payments)).url
  const events = await eventsApp({ env: { ...env, PAYMENTS_URL } })
  const { app: gateway } = await gatewayApp({
    ...gatewayEnv,
    EVENTS_URL: (await listen(events.app)).url,
    PAYMENTS_URL,
    NOTIFICATIONS_URL: (await listen(notifications)).url,
  })
  await listen(gateway)

  return {
    apps: { gateway, events: events.app, payments, notifications },
    pool: events.pool,
    async close() {
      await gateway.close()
      await events.close()
      await Promise.all([payments.close(), notifications.close()])
    },
  }
}

export type AllServices = Awaited<ReturnType<typeof openAllServices>>

/** A path of a route: parameters are this number. */
export function pathOf(template: string, parameter: string | number = 1): string {
  return template.replace(/\{\w+\}/g, String(parameter)).replace('*', 'static/index.html')
}
