import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface Notice {
  /** performance.now() at its arrival */
  at: number
  status: 'firing' | 'resolved'
  /** the alert and what it is about, such as `TargetDown payments` */
  alert: string
  annotations: Record<string, string>
}

export interface Webhook {
  /** as a container names it */
  url: string
  notices: Notice[]
  close(): void
}

/** What Alertmanager sends to; on all interfaces, because containers come from another network. */
export async function startWebhook(): Promise<Webhook> {
  const notices: Notice[] = []
  const server = createServer(async (request, response) => {
    const { alerts } = (await json(request)) as { alerts: Alert[] }
    const at = performance.now()
    for (const { status, labels, annotations } of alerts) {
      notices.push({ at, status, alert: nameOf(labels), annotations })
    }
    response.end()
  }).listen(0, '0.0.0.0')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://host.docker.internal:${port}/`,
    notices,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** What tells alerts of one name apart; the gateway is the one that most are about. */
export function nameOf({ alertname, slo, service }: Record<string, string>): string {
  const about = slo ?? (service === 'gateway' && alertname !== 'TargetDown' ? undefined : service)
  return about && alertname !== 'QuickTicket SLO Burn Rate' ? `${alertname} ${about}` : String(alertname)
}

interface Alert {
  status: Notice['status']
  labels: Record<string, string>
  annotations: Record<string, string>
}
