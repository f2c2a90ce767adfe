import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import { getJson, kubectl, tryKubectl } from './kubectl.ts'
import { NAMESPACES } from './test-cluster.ts'

const OVERLAYS = join(REPOSITORY, 'k8s/overlays')
const ROLLOUT_TIMEOUT = '400s'
/** It is pulled from a registry, and no assertion needs it. */
const NOT_AWAITED = new Set(['grafana'])

/** Brings the namespaces default and monitoring to a lab's overlay, whatever ran before, and waits until all of it serves. */
export async function reachOverlay(overlay: string): Promise<void> {
  if (overlay >= 'lab07') await kubectl(['delete', 'deployment', 'gateway', '--ignore-not-found'])
  await kubectl(['apply', '-k', join('k8s/overlays', overlay)])
  // from another version without steps: what a canary shows is not asked here
  if (overlay >= 'lab07') await kubectl(['argo', 'rollouts', 'promote', 'gateway', '--full'])
  await Promise.all([awaitWorkloads('default'), awaitWorkloads('monitoring')])
}

/** Waits until every Deployment and Rollout of a namespace has all its pods, of its newest version. */
export async function awaitWorkloads(namespace: string): Promise<void> {
  const { items } = await getJson<{ items: { metadata: { name: string } }[] }>([
    'deployments',
    '-n',
    namespace,
  ])
  const names = items.map(({ metadata }) => metadata.name).filter((name) => !NOT_AWAITED.has(name))
  for (const name of names)
    await kubectl([
      'rollout',
      'status',
      `deployment/${name}`,
      '-n',
      namespace,
      `--timeout=${ROLLOUT_TIMEOUT}`,
    ])
  const rollouts = await tryKubectl(['get', 'rollouts', '-n', namespace, '-o', 'name'])
  for (const rollout of rollouts.stdout.split('\n').filter(Boolean)) {
    const name = rollout.split('/')[1] as string
    await kubectl(['argo', 'rollouts', 'status', name, '-n', namespace, `--timeout=${ROLLOUT_TIMEOUT}`])
  }
}

/** Removes the labs' overlays, and what pages and tests have made besides, from the namespaces default and monitoring. */
export async function removeLabs(): Promise<void> {
  await tryKubectl(['delete', 'jobs,pods', '-n', 'default', '--all', '--wait=false'])
  const labs = readdirSync(OVERLAYS).filter((name) => /^lab\d\d$/.test(name))
  const paths = [...labs.slice(-1), ...labs.slice(0, 1)].map((name) => `k8s/overlays/${name}`)
  for (const path of [...paths, 'k8s/components/loadgen'])
    await tryKubectl(['delete', '-k', path, '--ignore-not-found', '--wait=false'])
  for (const kind of ['analysisruns', 'replicasets', 'controllerrevisions'])
    await tryKubectl(['delete', kind, '-n', 'default', '--all', '--ignore-not-found', '--wait=false'])
  await kubectl(['delete', 'namespace', 'monitoring', '--ignore-not-found', '--timeout=180s'])
  await tryKubectl(['wait', '--for=delete', 'pods,pvc', '--all', '-n', 'default', '--timeout=120s'])
}

/** Removes everything of QuickTicket from the cluster. */
export async function removeEverything(): Promise<void> {
  await removeLabs()
  await kubectl(['delete', 'namespace', ...NAMESPACES, '--ignore-not-found', '--timeout=180s'])
  // a shell on a node, where a part was cut off
  await tryKubectl(['delete', 'pods', '-n', 'kube-system', '-l', 'quickticket-test', '--wait=false'])
  await tryKubectl(['delete', 'crd', '-l', 'quickticket-test=stand-in', '--ignore-not-found'])
}
