import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  applyApplication,
  awaitHealthy,
  deleteApplication,
  expectArgoCd,
  refresh,
  setPath,
  sync,
} from '../src/cluster/argocd.ts'
import { gitRemote, openRepository, type Repository } from '../src/cluster/git-remote.ts'
import { kubectl, tryKubectl } from '../src/cluster/kubectl.ts'
import { podsOf } from '../src/cluster/production.ts'
import { awaitWorkloads } from '../src/cluster/state.ts'
import { until } from '../src/cluster/wait.ts'

const LAB = (name: string) => `k8s/overlays/${name}`
const KEPT = [
  'namespace/monitoring',
  'persistentvolumeclaim/postgres-data',
  'persistentvolumeclaim/postgres-backups',
]
let repository: Repository

beforeAll(async () => {
  await expectArgoCd()
  repository = await openRepository(gitRemote().remote)
  // it is pulled from a registry, and no assertion needs it
  await repository.change(
    'k8s/components/grafana/grafana.yaml',
    '  name: grafana\n',
    "  name: grafana\n  annotations: { argocd.argoproj.io/ignore-healthcheck: 'true' }\n",
    'test: do not wait for Grafana',
  )
})
afterAll(async () => {
  await deleteApplication()
  await repository?.close()
})

describe('as the sheet of lab 5 has it', () => {
  test('an Application with --path k8s takes over what lab 4 has applied, and replaces no pod', async () => {
    await kubectl(['apply', '-f', 'k8s/'])
    await awaitWorkloads('default')
    const before = await uids()
    await applyApplication((manifest) =>
      manifest
        .replace(/path: .*/, 'path: k8s')
        .replace(/syncPolicy:[\s\S]*/, 'syncPolicy: { automated: {} }'),
    )
    await awaitHealthy('k8s')
    expect(await uids()).toEqual(before)
  })

  test('a label that is added to k8s/gateway.yaml in Git arrives', async () => {
    const labels = '    app.kubernetes.io/component: service\n'
    const commit = await repository.change(
      'k8s/gateway.yaml',
      labels,
      `${labels}    version: v2\n`,
      'feat: add version label to gateway',
    )
    await awaitHealthy('k8s', commit)
    expect(await field('deployment/gateway', '{.metadata.labels.version}')).toBe('v2')
  })

  test('an image that does not exist stops the rollout, and a revert ends it', async () => {
    const before = await uids()
    const image = 'image: quickticket-gateway:v1'
    const bad = 'image: quickticket-gateway:does-not-exist'
    await repository.change('k8s/gateway.yaml', image, bad, 'feat: deploy new gateway version')
    const broken = await until(
      'the new pod cannot pull its image',
      async () => ({ ...(await refresh()), pods: await kubectl(['get', 'pods', '-l', 'app=gateway']) }),
      ({ pods, health }) => /ErrImage|ImagePullBackOff/.test(pods) && health === 'Progressing',
    )
    expect(broken.sync).toBe('Synced')
    expect(await field('deployment/gateway', '{.status.availableReplicas}')).toBe('1')

    const revertedAt = performance.now()
    const commit = await repository.revert()
    await awaitHealthy('k8s', commit)
    console.log(`from the push of the revert to Healthy: ${seconds(revertedAt)} s`)
    expect(await uids(), 'the pod that has served all the time').toEqual(before)
    expect(await repository.messages(2)).toEqual([
      'Revert "feat: deploy new gateway version"',
      'feat: deploy new gateway version',
    ])
  })
})

describe('k8s/argocd/application.yaml and the next labs', () => {
  test('it takes over the overlay of lab 5', async () => {
    await applyApplication()
    await awaitHealthy(LAB('lab05'))
    // the one before was not server-side
    await sync()
    await awaitHealthy(LAB('lab05'))
  })

  test('kubectl apply -k beside it changes nothing that Argo CD tracks', async () => {
    await kubectl(['apply', '-k', LAB('lab05')])
    await kubectl(['apply', '-k', LAB('lab05')])
    await awaitHealthy(LAB('lab05'))
  })

  test('what is done by hand stays until the next commit', async () => {
    await kubectl(['scale', 'deployment/gateway', '--replicas=2'])
    expect((await refresh()).outOfSync).toEqual(['Deployment gateway'])
    await refresh()
    expect(await field('deployment/gateway', '{.spec.replicas}')).toBe('2')

    const commit = await repository.change(
      'k8s/base/payments.yaml',
      '  name: payments\n',
      '  name: payments\n  annotations:\n    quickticket.io/changed: "yes"\n',
      'feat: something else',
    )
    await awaitHealthy(LAB('lab05'), commit)
    expect(await field('deployment/gateway', '{.spec.replicas}')).toBe('1')
  })

  test("lab 7's Rollout takes the place of the Deployment, which does not come back", async () => {
    await setPath(LAB('lab06'))
    await awaitHealthy(LAB('lab06'))
    await kubectl(['delete', 'deployment', 'gateway'])
    await setPath(LAB('lab07'))
    await awaitHealthy(LAB('lab07'))
    await kubectl(['argo', 'rollouts', 'set', 'image', 'gateway', 'gateway=quickticket-gateway:v2'])
    await kubectl(['argo', 'rollouts', 'promote', 'gateway', '--full'])
    await awaitWorkloads('default')
    expect((await refresh()).outOfSync).toEqual(['Rollout gateway'])
    await refresh()
    expect(await field('rollout/gateway', '{.spec.template.spec.containers[0].image}')).toMatch(/:v2$/)
    expect(await there('deployment/gateway')).toBe(false)
  })

  test('lab 12 is healthy, with a job that is suspended', async () => {
    await setPath(LAB('lab12'))
    await until('it is applied', refresh, ({ path, sync }) => path === LAB('lab12') && sync === 'Synced')
    // what a canary shows is not asked here
    await kubectl(['argo', 'rollouts', 'promote', 'gateway', '--full'])
    expect((await awaitHealthy(LAB('lab12'))).objects).toContain('CronJob load-level')
  })

  test('back from lab 12 to lab 5 with prune: neither data nor a namespace goes', async () => {
    const before = await Promise.all(KEPT.map((name) => field(name, '{.metadata.uid}')))
    await setPath(LAB('lab05'))
    await until('it is compared', refresh, ({ path }) => path === LAB('lab05'))
    await sync({ prune: true })
    await awaitHealthy(LAB('lab05'))
    expect(await Promise.all(['rollout/gateway', 'cronjob/postgres-backup'].map(there))).toEqual([
      false,
      false,
    ])
    expect(await Promise.all(KEPT.map((name) => field(name, '{.metadata.uid}')))).toEqual(before)
  })

  test('without the Application everything that it has brought is still there', async () => {
    const before = await uids()
    await deleteApplication()
    expect(await uids()).toEqual(before)
    expect(await Promise.all(KEPT.map(there))).toEqual([true, true, true])
  })
})

/** Of the pods that serve, by app: the same ones, if nothing was replaced. */
async function uids(): Promise<Record<string, string>> {
  const pods = await podsOf('default', 'app in (gateway,events,payments,postgres,redis)')
  return Object.fromEntries(pods.filter(({ ready }) => ready).map(({ app, uid }) => [app, uid]))
}

async function field(object: string, path: string): Promise<string> {
  return kubectl(['get', object, '-o', `jsonpath=${path}`])
}

async function there(object: string): Promise<boolean> {
  return (await tryKubectl(['get', object])).code === 0
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1)
}
