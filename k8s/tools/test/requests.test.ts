import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { k8s } from '../src/files.ts'
import { fromGolden, hasGolden } from '../src/golden.ts'
import type { KubernetesObject } from '../src/objects.ts'
import { overlays } from '../src/render.ts'

interface Container {
  resources?: { requests?: { cpu?: string; memory?: string } }
}
interface Workload {
  replicas?: number
  template?: { spec: { containers: Container[] } }
}

/** What a node has to have free for each overlay. */
test('docs/kubernetes.md says what the pods of each overlay ask for', () => {
  const page = readFileSync(join(k8s, '../docs/kubernetes.md'), 'utf8')
  for (const overlay of overlays().filter(hasGolden)) {
    const name = overlay.replace('overlays/', '')
    const { cpuMillis, memoryMib } = requestsOf(fromGolden(overlay))
    expect(page).toContain(`| \`${name}\` | ${cpuMillis}m | ${memoryMib} MiB |`)
  }
})

/** Pods that always run: those of jobs come and go. */
function requestsOf(objects: KubernetesObject[]): { cpuMillis: number; memoryMib: number } {
  const autoscaler = objects.find(({ kind }) => kind === 'HorizontalPodAutoscaler')
  const { minReplicas = 1 } = (autoscaler?.spec ?? {}) as { minReplicas?: number }
  const requests = objects
    .filter(({ kind }) => ['Deployment', 'Rollout', 'StatefulSet', 'DaemonSet'].includes(kind))
    .flatMap(({ kind, spec }) => {
      // the autoscaler decides where a manifest does not; a DaemonSet has one pod on each node
      const { replicas = kind === 'DaemonSet' ? 1 : minReplicas, template } = spec as Workload
      const containers = template?.spec.containers ?? []
      return containers.map(({ resources }) => ({ replicas, ...resources?.requests }))
    })
  const sum = (of: (request: (typeof requests)[number]) => number) =>
    requests.reduce((total, request) => total + request.replicas * of(request), 0)
  return { cpuMillis: sum(({ cpu }) => millis(cpu)), memoryMib: sum(({ memory }) => mebibytes(memory)) }
}

function millis(cpu = '0m'): number {
  return cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000
}

function mebibytes(memory = '0Mi'): number {
  const [, number = '', unit = ''] = /^(\d+)(Mi|Gi)$/.exec(memory) ?? []
  return Number(number) * (unit === 'Gi' ? 1024 : 1)
}
