import { runForJson, runProgram } from '../../program.ts'
import { CannotTell } from '../../verb.ts'
import type { Component } from './components.ts'

/** A Deployment, StatefulSet or Rollout, in kubectl's current namespace. */
export interface Workload {
  /** as kubectl takes it: `deployment/redis` */
  name: string
  replicas: number
  containers: PodContainer[]
}

interface PodContainer {
  name: string
  env?: { name: string; value?: string }[]
}

const KINDS = ['deployment', 'statefulset', 'rollout.argoproj.io']

export function kubectl(...args: string[]): Promise<string> {
  return runProgram('kubectl', args)
}

/** What runs a component's pods. @throws {CannotTell} when there is nothing of its name */
export async function findWorkload(component: Component): Promise<Workload> {
  for (const kind of KINDS) {
    const found = await getIfKnown(kind, component)
    if (!found) continue
    const { replicas = 1, template } = found.spec
    // a Rollout may refer to a Deployment, which has no pods then
    if (
      !template ||
      (kind === 'deployment' && replicas === 0 && (await getIfKnown('rollout.argoproj.io', component)))
    )
      continue
    return { name: `${kind}/${component}`, replicas, containers: template.spec.containers }
  }
  throw new CannotTell(`The namespace has no ${component}`, `kubectl get ${KINDS.join(',')} ${component}`)
}

/** The names of a component's pods that are not ending. @throws {CannotTell} when there are none */
export async function findPods(component: Component): Promise<string[]> {
  const args = [
    'get',
    'pods',
    '-l',
    `app=${component}`,
    '--field-selector',
    'status.phase=Running',
    '-o',
    'json',
  ]
  const { items } = await runForJson<{ items: Pod[] }>(runProgram, 'kubectl', args)
  const names = items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name)
  if (names.length > 0) return names
  throw new CannotTell(`No pod of ${component} runs`, `kubectl ${args.join(' ')}`)
}

export async function scaleTo(name: string, replicas: number): Promise<void> {
  await kubectl('scale', name, `--replicas=${replicas}`)
}

async function getIfKnown(kind: string, name: string): Promise<Item | undefined> {
  const args = ['get', kind, name, '--ignore-not-found', '-o', 'json']
  try {
    const output = await kubectl(...args)
    return output.trim() === '' ? undefined : (JSON.parse(output) as Item)
  } catch (error) {
    // before lab 7 the cluster has no Argo Rollouts
    if (error instanceof CannotTell && error.message.includes("doesn't have a resource type"))
      return undefined
    throw error
  }
}

interface Item {
  spec: { replicas?: number; template?: { spec: { containers: PodContainer[] } } }
}

interface Pod {
  metadata: { name: string; deletionTimestamp?: string }
}
