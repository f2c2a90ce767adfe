import { getJson, kubectl, tryKubectl } from './kubectl.ts'

/** Namespaces that the overlays make or use; the test empties them at its end. */
export const NAMESPACES = [
  'monitoring',
  'node-logs',
  'quickticket-dev',
  'quickticket-staging',
  'quickticket',
  'quickticket-test-neighbour',
  'quickticket-test-term',
  'quickticket-student',
] as const
/** What the test would change or remove in the namespace default. */
const KINDS = 'deployments,statefulsets,daemonsets,cronjobs,jobs,pods,persistentvolumeclaims'

/** How nodes of tools for local clusters are named. */
const LOCAL_NODE =
  /^(k3d-|kind-|minikube|docker-desktop$|rancher-desktop$|lima-|colima|orbstack$)|-control-plane$/

export class NotReady extends Error {}

/**
 * Nothing may be removed before this.
 *
 * @param force also on a cluster that does not look like a test cluster
 * @throws {NotReady} in words for the person who started the test
 */
export async function expectTestCluster(force: boolean): Promise<void> {
  const version = await tryKubectl(['version', '-o', 'json', '--request-timeout=10s'])
  if (version.code !== 0)
    throw new NotReady(
      `kubectl reaches no cluster: ${lastLine(version.stderr)}\n` +
        'start one (k3d cluster create --config k8s/k3d/lab.yaml) and let KUBECONFIG name it',
    )
  await expectRollouts()
  if (force) return
  const { items } = await getJson<{ items: { metadata: { name: string } }[] }>(['nodes'])
  const foreign = items.map(({ metadata }) => metadata.name).filter((name) => !LOCAL_NODE.test(name))
  if (foreign.length === 0) return
  throw new NotReady(
    `context ${await currentContext()} does not look like a test cluster: node ${foreign[0]} has no name that k3d, kind or minikube give.\n` +
      'The test deletes what it finds of QuickTicket in the namespaces default, ' +
      `${NAMESPACES.join(', ')}. To run it there all the same: npm run test:cluster -- --any-cluster`,
  )
}

/**
 * What is there already would be changed, and removed at the end.
 *
 * @throws {NotReady}
 */
export async function expectUnused(): Promise<void> {
  const workloads = await kubectl(['get', KINDS, '-n', 'default', '-o', 'name'])
  const { stdout: namespaces } = await tryKubectl([
    'get',
    'namespaces',
    ...NAMESPACES,
    '-o',
    'name',
    '--ignore-not-found',
  ])
  const found = [...workloads.split('\n'), ...namespaces.split('\n')].filter(Boolean)
  if (found.length === 0) return
  throw new NotReady(
    `context ${await currentContext()} is in use: it has ${found.slice(0, 5).join(', ')}.\n` +
      'The test starts on a cluster without QuickTicket; npm run test:cluster -- --clean removes an earlier one first',
  )
}

async function expectRollouts(): Promise<void> {
  const { code } = await tryKubectl(['get', 'crd', 'rollouts.argoproj.io', '-o', 'name'])
  if (code !== 0)
    throw new NotReady('the cluster has no Argo Rollouts: docs/labs/lab07.md begins with how to install it')
  const plugin = await tryKubectl(['argo', 'rollouts', 'version'])
  if (plugin.code !== 0)
    throw new NotReady('kubectl has no plugin "argo rollouts": docs/labs/lab07.md says where it is from')
}

async function currentContext(): Promise<string> {
  return (await tryKubectl(['config', 'current-context'])).stdout.trim() || '(none)'
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
