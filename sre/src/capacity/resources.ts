import type { DatabaseSample } from './database-sample.ts'
import type { Resource } from './forecast.ts'
import type { History } from './history.ts'
import { readDiskLimit, readPresent, SIZED_SERVICES } from './present.ts'

/** What the metrics show, with the limits of one replica. @throws {CannotTell} when the files of k8s cannot be read */
export function systemResources({ cpu, memory, connections, poolMax }: History): Resource[] {
  // notifications has the requests and limits of the others
  const limits = (service: string) => readPresent(SIZED_SERVICES.find((one) => one === service) ?? 'payments')
  return [
    ...[...cpu].map(([service, readings]) => ({
      name: `${service} CPU`,
      unit: 'cores' as const,
      limit: limits(service).cpuLimit,
      limitFrom: 'k8s/base, for each replica',
      readings,
    })),
    ...[...memory].map(([service, readings]) => ({
      name: `${service} memory`,
      unit: 'bytes' as const,
      limit: limits(service).memoryLimit,
      limitFrom: 'k8s/base and docker-compose.yaml, for each replica',
      readings,
    })),
    {
      name: 'events pool',
      unit: 'connections',
      limit: poolMax,
      limitFrom: 'DB_MAX_CONNS, for each replica',
      readings: connections,
    },
  ]
}

/** What earlier runs and this one have asked the database for. */
export function databaseResources(samples: DatabaseSample[], diskBytes: number | undefined): Resource[] {
  const latest = samples.at(-1)
  if (!latest) return []
  const readings = (value: (sample: DatabaseSample) => number | undefined) =>
    samples.flatMap((sample) => {
      const found = value(sample)
      return found === undefined ? [] : [{ at: sample.at, value: found }]
    })
  return [
    {
      name: 'database size',
      unit: 'bytes',
      limit: diskBytes ?? readDiskLimit(),
      limitFrom: diskBytes === undefined ? 'k8s/base, the volume of PostgreSQL' : '--disk',
      readings: readings((one) => one.databaseBytes),
    },
    ...Object.keys(latest.tableBytes)
      .sort((a, b) => (latest.tableBytes[b] ?? 0) - (latest.tableBytes[a] ?? 0))
      .map((table) => ({
        name: `table ${table}`,
        unit: 'bytes' as const,
        limit: undefined,
        limitFrom: 'part of the database',
        readings: readings((one) => one.tableBytes[table]),
      })),
    {
      name: 'database clients',
      unit: 'connections',
      limit: latest.maxConnections,
      limitFrom: 'max_connections of PostgreSQL',
      readings: readings((one) => one.connections),
    },
  ]
}
