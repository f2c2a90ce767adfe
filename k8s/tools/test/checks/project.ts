import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { variables as backup } from '@quickticket/backups/config'
import { variables as events } from '@quickticket/events/config'
import { variables as gateway } from '@quickticket/gateway/config'
import { loadConfig } from '@quickticket/kit/config'
import { Type } from '@quickticket/kit/schema'
import { variables as migrations } from '@quickticket/migrations/config'
import { variables as notifications } from '@quickticket/notifications/config'
import { variables as payments } from '@quickticket/payments/config'
import { variables as sre } from '@quickticket/sre/server/config'
import { IMAGES } from '@quickticket/testing/versions'
import type { IContainer } from 'kubernetes-models/v1/Container'
import type { TProperties } from 'typebox'
import { k8s } from '../../src/files.ts'
import type { KubernetesObject } from '../../src/objects.ts'
import { workloads } from './pods.ts'

/** What the program of sre reads before it knows which verb it runs. */
const ADDRESSES = [
  'SRE_SYSTEM',
  'PROMETHEUS_URL',
  'PROMETHEUS_LINK_URL',
  'ALERTMANAGER_URL',
  'GATEWAY_URL',
  'SRE_DATA_DIR',
]

export const VARIABLES: Record<string, TProperties> = {
  gateway,
  events,
  payments,
  notifications,
  migrations,
  backup,
  sre: { ...sre, ...Object.fromEntries(ADDRESSES.map((name) => [name, Type.String({ default: '' })])) },
}

/** Public images that manifests use; those of Node.js are for builds. */
const { node: _node, distroless: _distroless, ...MANIFEST_IMAGES } = IMAGES
const PUBLIC_IMAGES = Object.values(MANIFEST_IMAGES)

/** Images, variables and addresses that this project does not have, and values that its programs would not take. */
export function projectProblems(objects: KubernetesObject[]): string[] {
  return workloads(objects).flatMap(({ name, containers }) =>
    containers.flatMap((container) =>
      [...ownImage(container), ...addresses(container, objects)].map((problem) => `${name} ${problem}`),
    ),
  )
}

function ownImage({ image = '', env = [], command = [] }: IContainer): string[] {
  const target = image.match(/(?:^|\/)quickticket-([a-z]+):[\w.-]+$/)?.[1]
  if (!target) return PUBLIC_IMAGES.includes(image) ? [] : [`uses ${image}, which the project does not`]
  const known = VARIABLES[target]
  if (!known || !dockerfile.includes(` AS ${target}\n`)) return [`uses ${image}, which no Dockerfile builds`]
  const given = env.filter(({ name }) => name !== 'NODE_OPTIONS')
  return [
    ...given
      .filter(({ name }) => !(name in known))
      .map(({ name }) => `sets ${name}, which ${target} does not read`),
    ...badValues(known, given),
    ...command
      .filter((word) => word.endsWith('.ts') && !exists(word))
      .map((word) => `runs ${word}, which is not there`),
  ]
}

function badValues(known: TProperties, given: { name: string; value?: string }[]): string[] {
  try {
    loadConfig(known, Object.fromEntries(given.map(({ name, value }) => [name, value])))
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

/** http://name:port, with or without a namespace, of a Service that is applied together with it. */
function addresses({ env = [] }: IContainer, objects: KubernetesObject[]): string[] {
  return env.flatMap(({ name, value = '' }) => {
    const [, host = '', port] = value.match(/^https?:\/\/([a-z0-9-]+):(\d+)/) ?? []
    const hostOnly = name === 'DB_HOST' || name === 'REDIS_HOST' ? value : host
    if (!hostOnly || hostOnly === 'localhost') return []
    const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === hostOnly)
    const ports = (service?.spec as { ports?: { port: number }[] } | undefined)?.ports ?? []
    if (service && (port === undefined || ports.some((open) => open.port === Number(port)))) return []
    return [`goes to ${value}, which is no Service here`]
  })
}

const dockerfile = readFileSync(join(k8s, '../services/Dockerfile'), 'utf8')

function exists(file: string): boolean {
  try {
    readFileSync(join(k8s, '..', file))
    return true
  } catch {
    return false
  }
}
