import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { InvalidArgument } from './arguments.ts'
import type { Exchange } from './outcome.ts'

export interface MetricsServer {
  url: string
  observe(exchange: Exchange, buyers: number): void
  close(): Promise<void>
}

/** as the services have them, so that both sides can be laid over each other */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** What the clients see, for Prometheus; `status` is also refused, reset, timeout or other when there was no answer. */
export async function startMetricsServer(port: number): Promise<MetricsServer> {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'loadgen_requests_total',
    help: 'Requests that have ended, by what the client saw',
    labelNames: ['method', 'path', 'status'],
    registers,
  })
  const duration = new Histogram({
    name: 'loadgen_request_duration_seconds',
    help: 'From the moment a request was due to the last byte of its answer',
    labelNames: ['method', 'path'],
    buckets: BUCKETS,
    registers,
  })
  const buyersNow = new Gauge({ name: 'loadgen_buyers', help: 'Buyers on their way', registers })

  const server = createServer(async (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end('only /metrics is here\n')
    response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics())
  })
  server.listen(port)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new InvalidArgument(
      `--metrics-port ${port} cannot be opened (${(error as NodeJS.ErrnoException).code})`,
    )
  }
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/metrics`,
    observe({ route, result, ms }, buyers) {
      const [method = '', path = ''] = route.split(' ')
      requests.inc({ method, path, status: result })
      duration.observe({ method, path }, ms / 1000)
      buyersNow.set(buyers)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
