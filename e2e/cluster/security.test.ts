import { SERVICES } from '@quickticket/contract/services'
import { IMAGES } from '@quickticket/testing/versions'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { containersOf, shellIn } from '../src/cluster/containers.ts'
import { applyObjects, getJson, kubectl, type Output, tryKubectl } from '../src/cluster/kubectl.ts'
import {
  connectFrom,
  PORTS,
  type Probe,
  portsOf,
  servedPorts,
  startProbes,
  stopProbes,
  type Target,
} from '../src/cluster/probes.ts'
import { prepareNamespace } from '../src/cluster/production.ts'
import { awaitWorkloads } from '../src/cluster/state.ts'
import { until } from '../src/cluster/wait.ts'

const MINUTES = 60_000
const STAGING = 'quickticket-staging'
const OVERLAYS = [
  { overlay: 'dev', namespace: 'quickticket-dev' },
  { overlay: 'staging', namespace: STAGING },
  { overlay: 'prod', namespace: 'quickticket' },
]
const APPS = [...SERVICES, 'postgres', 'redis']
/** `prepareNamespace` puts it into the Secret of staging and prod. */
const PASSWORD = 'a-password-of-this-test'
const NEEDS_PASSWORD = ['events', 'migrations', 'postgres', 'backup']

describe.each(OVERLAYS)('$overlay', ({ overlay, namespace }) => {
  let applied: Output

  beforeAll(async () => {
    if (overlay !== 'dev') await prepareNamespace(namespace)
    applied = await apply(overlay)
    await awaitWorkloads(namespace)
    await runCronJobs(namespace)
  }, 15 * MINUTES)
  afterAll(async () => {
    await kubectl(['delete', 'namespace', namespace, '--timeout=180s'])
  })

  test('Pod Security has nothing to warn of', () => {
    expect(applied).toMatchObject({ code: 0, stderr: '' })
  })

  test('Pod Security restricted is enforced', async () => {
    const label = 'pod-security.kubernetes.io/enforce'
    const { metadata } = await getJson<{ metadata: { labels: Record<string, string> } }>([
      'namespace',
      namespace,
    ])
    expect(metadata.labels[label]).toBe('restricted')
    // the server looks at all running pods only when level or version changes
    const newest = [`${label}=restricted`, `${label}-version=latest`, '--overwrite', '--dry-run=server']
    expect((await tryKubectl(['label', 'namespace', 'kube-system', ...newest])).stderr).toContain('violate')
    expect(await tryKubectl(['label', 'namespace', namespace, ...newest])).toMatchObject({
      code: 0,
      stderr: '',
    })

    const { stderr } = await tryKubectl(['create', '-f', '-', '--dry-run=server'], {
      input: JSON.stringify(privilegedPod(namespace)),
    })
    expect(stderr).toContain('violates PodSecurity "restricted')
  })

  test('applying it again changes nothing', async () => {
    const { stdout, stderr } = await apply(overlay)
    expect(stderr).toBe('')
    const changed = stdout.split('\n').filter((line) => line && !line.endsWith(' unchanged'))
    // kubectl always sends the selector of a budget again; the server finds nothing to change in it
    expect(changed.filter((line) => !line.startsWith('poddisruptionbudget.policy/'))).toEqual([])
  })

  test('its service accounts may do nothing', async () => {
    const accounts = await kubectl([
      'get',
      'serviceaccounts',
      '-n',
      namespace,
      '-o',
      'jsonpath={.items[*].metadata.name}',
    ])
    expect(accounts).toContain('default')
    for (const account of accounts.split(' ')) expect(await rightsOf(namespace, account)).toEqual([])
    // an account with rights shows them
    expect(await rightsOf('kube-system', 'replicaset-controller')).not.toEqual([])
  })

  test('no container has a token of the API server', async () => {
    const directory = '/var/run/secrets/kubernetes.io'
    const containers = await containersOf(namespace)
    const mounted = containers.filter(({ spec }) =>
      spec.volumeMounts?.some(({ mountPath }) => mountPath.startsWith(directory)),
    )
    expect(mounted.map(({ pod, name }) => `${pod} ${name}`)).toEqual([])
    const found: string[] = []
    for (const container of containers.filter(({ running }) => running)) {
      if ((await shellIn(container, `test -e ${directory}`))?.code === 0) found.push(container.pod)
    }
    expect(found).toEqual([])
  })

  test('no container can write to its root', async () => {
    const containers = await containersOf(namespace)
    const writable = containers.filter(({ spec }) => !spec.securityContext?.readOnlyRootFilesystem)
    expect(writable.map(({ pod, name }) => `${pod} ${name}`)).toEqual([])

    const asked = new Set<string>()
    const answers: string[] = []
    for (const container of containers.filter(({ running }) => running)) {
      const touched = await shellIn(container, 'touch /probe-of-root')
      if (!touched) continue
      asked.add(container.app)
      if (!/read-only file system/i.test(touched.stderr))
        answers.push(`${container.pod} ${container.name}: ${touched.code} ${touched.stderr}`)
    }
    expect(answers).toEqual([])
    expect([...asked]).toEqual(expect.arrayContaining(APPS))
  })

  test.skipIf(overlay === 'dev')('the password of the database is where it is needed, only', async () => {
    const containers = await containersOf(namespace)
    const named = containers.filter(({ spec }) => /postgres-credentials|envFrom/.test(JSON.stringify(spec)))
    expect([...new Set(named.map(({ name }) => name))].sort()).toEqual([...NEEDS_PASSWORD].sort())
    expect(JSON.stringify(containers)).not.toContain(PASSWORD)

    const having = new Set<string>()
    for (const container of containers.filter(({ running }) => running)) {
      const environment = await shellIn(container, 'cat /proc/1/environ')
      if (environment?.stdout.includes(PASSWORD)) having.add(container.name)
    }
    expect([...having].sort()).toEqual(['events', 'postgres'])
  })

  test.skipIf(overlay === 'dev')('the password of the database is in no log', async () => {
    const containers = await containersOf(namespace)
    const talking = new Set<string>()
    const telling: string[] = []
    for (const { pod, app, name } of containers) {
      // one that has not started yet has no log
      const { stdout } = await tryKubectl(['logs', pod, '-n', namespace, '-c', name, '--tail=-1'])
      if (stdout !== '') talking.add(app)
      if (stdout.includes(PASSWORD)) telling.push(`${pod} ${name}`)
    }
    const silent = containers.filter(({ app }) => !talking.has(app)).map(({ app }) => app)
    expect(silent).toEqual(['backup-inspector'])
    expect(telling).toEqual([])
  })

  if (overlay === 'staging') describe('who can connect to whom', testNetwork)
})

const NEIGHBOUR = 'quickticket-test-neighbour'
const PROBES: Probe[] = [
  { name: 'gateway', namespace: STAGING, labels: { app: 'gateway' } },
  { name: 'events', namespace: STAGING, labels: { app: 'events' } },
  { name: 'payments', namespace: STAGING, labels: { app: 'payments' } },
  { name: 'notifications', namespace: STAGING, labels: { app: 'notifications' } },
  { name: 'postgres', namespace: STAGING, labels: { app: 'postgres' } },
  { name: 'redis', namespace: STAGING, labels: { app: 'redis' } },
  { name: 'inspector', namespace: STAGING, labels: { app: 'backup-inspector' } },
  {
    name: 'backup',
    namespace: STAGING,
    labels: { app: 'postgres-backup', 'app.kubernetes.io/component': 'backup' },
  },
  { name: 'client', namespace: STAGING, labels: { 'app.kubernetes.io/component': 'client' } },
  { name: 'newcomer', namespace: STAGING, labels: {} },
  { name: 'prometheus', namespace: 'monitoring', labels: { app: 'prometheus' } },
  { name: 'operated', namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } },
  { name: 'monitoring', namespace: 'monitoring', labels: {} },
  { name: 'stranger', namespace: NEIGHBOUR, labels: {} },
  // the labels of those who may, in a namespace where they mean nothing
  {
    name: 'neighbour',
    namespace: NEIGHBOUR,
    labels: {
      app: 'events',
      'app.kubernetes.io/name': 'prometheus',
      'app.kubernetes.io/component': 'backup',
    },
  },
]
const OUTSIDERS = PROBES.filter(({ namespace }) => namespace !== STAGING)
/** Where no policy of QuickTicket holds: the other pods outside, the API server, and a node as an address outside of the cluster. */
const ELSEWHERE = [...OUTSIDERS.map(({ name }) => `${name}:*`), 'dns', 'api', 'node']

/** The arrows of docs/architecture.md, what Prometheus reads, what backups need, and names. Everything else is closed. */
const OPEN: Record<string, string[]> = {
  gateway: ['events:8081', 'payments:8082', 'notifications:8083', 'dns'],
  events: ['postgres:5432', 'redis:6379', 'payments:8082', 'dns'],
  payments: ['dns'],
  notifications: ['dns'],
  postgres: ['dns'],
  redis: ['dns'],
  inspector: ['dns'],
  backup: ['postgres:5432', 'prometheus:9090', 'operated:9090', 'dns'],
  client: ['gateway:8080', 'dns'],
  newcomer: ['dns'],
  prometheus: ['gateway:8080', 'events:8081', 'payments:8082', 'notifications:8083', ...ELSEWHERE],
  operated: ['gateway:8080', 'events:8081', 'payments:8082', 'notifications:8083', ...ELSEWHERE],
  monitoring: ['gateway:8080', ...ELSEWHERE],
  stranger: ['gateway:8080', ...ELSEWHERE],
  neighbour: ['gateway:8080', ...ELSEWHERE],
}

interface Cell {
  from: string
  target: Target
  answer: string
}

function testNetwork() {
  let targets: Target[]

  beforeAll(async () => {
    await makeNamespaces()
    targets = [
      ...portsOf(await startProbes(PROBES)),
      ...(await servedPorts(STAGING)),
      { name: 'dns', address: `dns:gateway.${STAGING}.svc.cluster.local`, at: 'cluster' },
      { name: 'api', address: `${await addressOfApi()}:443`, at: 'cluster' },
      { name: 'node', address: `${await addressOfNode()}:10250`, at: 'kubelet' },
    ]
  })
  afterAll(async () => {
    await stopProbes(PROBES)
    // an overlay that is applied meanwhile takes the label off, and the namespace is another's then
    const ours = ['delete', 'namespaces', '-l', 'quickticket-test=security', '--timeout=180s']
    await kubectl(ours)
  })

  test('the network of this cluster enforces policies, and the probes notice', async () => {
    const from = PROBES.find(({ name }) => name === 'stranger') as Probe
    const ports = targets.filter(({ name }) => name.startsWith('neighbour:'))
    const each = (expected: boolean) => (answers: string[]) =>
      answers.every((answer) => (answer === 'open') === expected)
    const answers = () => connectFrom(from, ports)
    await until('a pod without policies can be connected', answers, each(true), 60_000)
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'deny-all', namespace: NEIGHBOUR },
      spec: { podSelector: {}, policyTypes: ['Ingress'] },
    }
    await applyObjects([policy])
    await until(
      'a policy that denies everything closes the ports (without that, the network of this cluster enforces no policies)',
      answers,
      each(false),
      60_000,
    )
    await kubectl(['delete', 'networkpolicy', 'deny-all', '-n', NEIGHBOUR])
    await until('the ports are open again', answers, each(true), 60_000)
  })

  test('exactly the arrows of the architecture', async () => {
    const unexpected = (cells: Cell[]) =>
      cells
        .filter(({ from, target, answer }) => (answer === 'open') !== isOpen(from, target))
        .map(({ from, target, answer }) =>
          answer === 'open'
            ? `${from} → ${target.name} (${target.at}) is open`
            : `${from} → ${target.name} (${target.at}) is closed: ${answer}`,
        )
    let cells: Cell[] = []
    // a policy holds for a new pod when the node has learned of it
    await until(
      'every cell as expected',
      async () => {
        cells = await connectAll(PROBES, targets)
        return unexpected(cells)
      },
      (differing) => differing.length === 0,
    ).catch(() => undefined)
    console.log(drawMatrix(cells))
    expect(unexpected(cells)).toEqual([])
  })
}

async function makeNamespaces(): Promise<void> {
  const labels = { 'quickticket-test': 'security' }
  for (const name of [NEIGHBOUR, 'monitoring']) {
    const { code } = await tryKubectl(['get', 'namespace', name])
    if (code !== 0) await applyObjects([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }])
  }
}

function isOpen(from: string, { name }: Target): boolean {
  const [pod] = name.split(':')
  return OPEN[from]?.some((open) => open === name || open === `${pod}:*`) ?? false
}

/** From each to all but itself, one after the other: those that try at the same time would make each other late. */
async function connectAll(probes: Probe[], targets: Target[]): Promise<Cell[]> {
  const cells: Cell[] = []
  for (const probe of probes) {
    const others = targets.filter(({ at }) => at !== `probe-${probe.name}`)
    const answers = await connectFrom(probe, others)
    others.forEach((target, index) => {
      cells.push({ from: probe.name, target, answer: answers[index] as string })
    })
  }
  return cells
}

/** A line for each pod with what it can reach; `pod:*` where that is all of its ports. */
function drawMatrix(cells: Cell[]): string {
  const open = cells.filter(({ answer }) => answer === 'open')
  const lines = PROBES.map(({ name }) => {
    const reached = open.filter(({ from }) => from === name)
    const names = [...new Set(reached.map(({ target }) => target.name))]
    const pods = new Set(names.map((reached) => reached.split(':')[0] as string))
    const short = [...pods].flatMap((pod) => {
      const ports = names.filter((reached) => reached.startsWith(`${pod}:`))
      if (ports.length === PORTS.length) return `${pod}:*`
      return ports.length === 0 ? pod : ports
    })
    return `${name.padEnd(14)} ${String(reached.length).padStart(3)}  ${short.join(' ')}`
  })
  const figures = `${cells.length} cells, ${open.length} open, ${cells.length - open.length} closed`
  return [figures, ...lines].join('\n')
}

function addressOfApi(): Promise<string> {
  return kubectl(['get', 'service', 'kubernetes', '-n', 'default', '-o', 'jsonpath={.spec.clusterIP}'])
}

function addressOfNode(): Promise<string> {
  const path = '{.items[0].status.addresses[?(@.type=="InternalIP")].address}'
  return kubectl(['get', 'nodes', '-o', `jsonpath=${path}`])
}

function apply(overlay: string): Promise<Output> {
  return tryKubectl(['apply', '-k', `k8s/overlays/${overlay}`])
}

/** Once each, now: their pods are to be looked at too. */
async function runCronJobs(namespace: string): Promise<void> {
  const names = await kubectl([
    'get',
    'cronjobs',
    '-n',
    namespace,
    '-o',
    'jsonpath={.items[*].metadata.name}',
  ])
  for (const name of names.split(' ').filter(Boolean)) {
    await kubectl(['create', 'job', `${name}-now`, `--from=cronjob/${name}`, '-n', namespace])
    await kubectl(['wait', '--for=condition=Complete', `job/${name}-now`, '-n', namespace, '--timeout=200s'])
  }
}

/** What an account may, besides asking what it may and reading what every authenticated account can. */
async function rightsOf(namespace: string, account: string): Promise<string[]> {
  const who = `--as=system:serviceaccount:${namespace}:${account}`
  const lines = (await kubectl(['auth', 'can-i', '--list', '--no-headers', who, '-n', namespace])).split('\n')
  // without a resource it is the path of a page, such as /version
  const common = /^selfsubject\w+\.(authentication|authorization)\.k8s\.io .* \[create\]$|^ .* \[get\]$|^$/
  return lines.filter((line) => !common.test(line))
}

function privilegedPod(namespace: string): object {
  const securityContext = { privileged: true }
  const containers = [{ name: 'privileged', image: IMAGES.alpine, securityContext }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'privileged', namespace }, spec: { containers } }
}
