import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICES } from '@quickticket/contract/services'
import { freePort } from '@quickticket/testing/free-port'
import { IMAGES } from '@quickticket/testing/versions'
import { type ComposeProject, createComposeProject } from './compose-project.ts'
import { docker } from './docker.ts'
import { prometheusFlags } from './prometheus-flags.ts'
import type { Environment } from './system.ts'

/** The services with collector, Jaeger and Prometheus; VictoriaLogs, which takes OTLP as Loki does, stands in for Loki. */
export interface ObservedSystem {
  project: ComposeProject
  prometheus: string
  /** the lines that a query of LogsQL finds, as objects of their fields */
  logs(query: string): Promise<Record<string, string>[]>
  /** the spans of a trace in Jaeger; none while it has not arrived, or was not chosen */
  trace(id: string): Promise<Span[]>
  close(): Promise<void>
}

export interface Span {
  name: string
  service: string
  tags: Record<string, unknown>
}

export async function startObservedSystem(environment: Environment): Promise<ObservedSystem> {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-observed-'))
  const logStore = join(directory, 'log-store.yaml')
  const [jaegerPort, logsPort, prometheusPort] = [await freePort(), await freePort(), await freePort()]
  writeFileSync(
    logStore,
    JSON.stringify({
      services: { victorialogs: { image: IMAGES.victorialogs, ports: [`127.0.0.1:${logsPort}:9428`] } },
    }),
  )
  const project = await createComposeProject(
    {
      COMPOSE_PROFILES: 'notifications',
      JAEGER_PORT: String(jaegerPort),
      PROMETHEUS_PORT: String(prometheusPort),
      DOCKER_CONTAINERS_DIR: `${(await docker(['info', '--format', '{{.DockerRootDir}}'])).trim()}/containers`,
      LOKI_OTLP_URL: 'http://victorialogs:9428/insert/opentelemetry',
      ...(await prometheusFlags()),
      ...environment,
    },
    ['docker-compose.monitoring.yaml', 'docker-compose.observability.yaml', logStore],
  )
  async function close(): Promise<void> {
    await project.down()
    rmSync(directory, { recursive: true })
  }
  try {
    const stores = ['collector', 'jaeger', 'victorialogs', 'prometheus']
    await project.compose(['up', '--no-build', '--detach', '--wait', ...SERVICES, ...stores])
  } catch (error) {
    await close()
    throw error
  }
  return {
    project,
    prometheus: `http://127.0.0.1:${prometheusPort}`,
    async logs(query) {
      const answer = await fetch(`http://127.0.0.1:${logsPort}/select/logsql/query`, {
        method: 'POST',
        body: new URLSearchParams({ query }),
      })
      const lines = (await answer.text()).split('\n').filter(Boolean)
      return lines.map((line) => JSON.parse(line) as Record<string, string>)
    },
    async trace(id) {
      const answer = await fetch(`http://127.0.0.1:${jaegerPort}/api/traces/${id}`)
      const { data } = (await answer.json()) as JaegerAnswer
      return (data ?? []).flatMap(({ spans, processes }) =>
        spans.map(({ operationName, processID, tags }) => ({
          name: operationName,
          service: processes[processID]?.serviceName ?? '',
          tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
        })),
      )
    },
    close,
  }
}

/** The same ids in each run, so that sampling by their hash chooses the same ones. */
export function traceIds(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    createHash('sha256').update(`${name} ${index}`).digest('hex').slice(0, 32),
  )
}

interface JaegerAnswer {
  data?:
    | {
        spans: { operationName: string; processID: string; tags: { key: string; value: unknown }[] }[]
        processes: Record<string, { serviceName: string }>
      }[]
    | null
}
