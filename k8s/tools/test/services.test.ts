import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CORE_SERVICES, PORTS, SERVICES, type ServiceName } from '@quickticket/contract/services'
import { REPOSITORY } from '@quickticket/testing/repository'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { k8s } from '../src/files.ts'
import { parseObjects } from '../src/objects.ts'

const read = (file: string) => readFileSync(join(REPOSITORY, file), 'utf8')
const readYaml = (file: string) => parse(read(file), { merge: true, logLevel: 'error' })
const sorted = (names: Iterable<string>) => [...names].toSorted()

describe('docker-compose.yaml', () => {
  const { services } = readYaml('docker-compose.yaml') as {
    services: Record<string, { build?: { target: string }; ports?: string[]; profiles?: string[] }>
  }

  test.each(SERVICES)('builds %s and publishes its port', (name) => {
    expect(services[name]?.build?.target).toBe(name)
    expect(services[name]?.ports).toEqual([expect.stringMatching(new RegExp(`:${PORTS[name]}$`))])
  })

  test('starts the core services, and the others with a profile', () => {
    const always = SERVICES.filter((name) => services[name]?.profiles === undefined)
    expect(sorted(always)).toEqual(sorted(CORE_SERVICES))
  })

  test('has no other service that others can reach by HTTP', () => {
    const published = Object.entries(services).filter(([, { build, ports }]) => build && ports)
    expect(sorted(published.map(([name]) => name))).toEqual(sorted(SERVICES))
  })
})

test('docker-compose.dev.yaml has a variant of each service', () => {
  expect(sorted(Object.keys(readYaml('docker-compose.dev.yaml').services))).toEqual(sorted(SERVICES))
})

test('docker-bake.hcl builds each service', () => {
  const [, list] = /variable "SERVICES" \{\s+default = (\[.*\])/.exec(read('docker-bake.hcl')) ?? []
  expect(JSON.parse(list ?? '[]')).toEqual([...SERVICES])
})

describe('Prometheus', () => {
  const own = ['prometheus', 'alertmanager']

  test('on Compose scrapes each service at its port', () => {
    const { scrape_configs } = readYaml('monitoring/prometheus/prometheus.yml') as {
      scrape_configs: { job_name: string; static_configs?: unknown; dns_sd_configs?: unknown }[]
    }
    const jobs = scrape_configs.filter(({ job_name }) => !own.includes(job_name))
    expect(sorted(jobs.map(({ job_name }) => job_name))).toEqual(sorted(SERVICES))
    for (const { job_name, static_configs, dns_sd_configs } of jobs) {
      const port = PORTS[job_name as ServiceName]
      expect(static_configs ?? dns_sd_configs).toEqual([
        static_configs
          ? { targets: [`${job_name}:${port}`] }
          : expect.objectContaining({ names: [job_name], port }),
      ])
    }
  })

  test('in Kubernetes scrapes the pods of each service', () => {
    expect(read('k8s/components/prometheus/prometheus.yml')).toContain(`regex: ${SERVICES.join('|')}\n`)
  })
})

describe('Kubernetes', () => {
  const listed = (directory: string) =>
    (readYaml(`k8s/${directory}/kustomization.yaml`).resources as string[]).map((file) => file.split('.')[0])

  test('the base has the core services', () => {
    expect(sorted(listed('base') as string[])).toEqual(sorted([...CORE_SERVICES, 'postgres', 'redis']))
  })

  test.each(SERVICES)('%s listens at its port', (name) => {
    const directory = (CORE_SERVICES as readonly string[]).includes(name)
      ? 'base'
      : `components/${name}/workload`
    const service = parseObjects(readFileSync(join(k8s, directory, `${name}.yaml`), 'utf8')).find(
      ({ kind }) => kind === 'Service',
    )
    expect(service?.spec).toMatchObject({ ports: [{ port: PORTS[name] }] })
  })

  test('the chart has values of the core services', () => {
    const values = Object.keys(readYaml('k8s/chart/values.yaml'))
    expect(values).toEqual(expect.arrayContaining([...CORE_SERVICES]))
    expect(SERVICES.filter((name) => values.includes(name))).toEqual([...CORE_SERVICES])
  })
})
