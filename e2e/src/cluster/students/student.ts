import { readFileSync } from 'node:fs'
import { IMAGES } from '@quickticket/testing/versions'
import { SELLING } from '../disturb.ts'
import { applyObjects, getJson, kubectl, tryKubectl } from '../kubectl.ts'
import { type Pod, podsOf, sql } from '../production.ts'
import { until } from '../wait.ts'
import { NAMESPACE, type Step } from './shape.ts'
import { POSTGRES_16 } from './shapes/configured.ts'

const SEED = readFileSync(new URL('seed.sql', import.meta.url), 'utf8')
const START_TIMEOUT_MS = 300_000

/** An empty namespace, and in it a pod from which requests are sent. */
export async function openNamespace(): Promise<void> {
  await closeNamespace()
  await applyObjects([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }])
  // without the account, pods are refused
  await until('the service account', () => getJson(['serviceaccount', 'default', '-n', NAMESPACE]), Boolean)
  await applyObjects([customer()], ['-n', NAMESPACE])
  await kubectl(['wait', '--for=condition=Ready', 'pod/customer', '-n', NAMESPACE, '--timeout=120s'])
}

export async function closeNamespace(): Promise<void> {
  await kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout=300s'])
}

/** Does what a student does, in that order. */
export async function act(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (step === 'stores run') await awaitRunning('app in (postgres,redis)')
    else if (step === 'seed') await seed()
    else if (step === 'own columns') await addOwnColumns()
    else await applyObjects(await withImagesThatExist(step), ['-n', NAMESPACE])
  }
}

/** `kubectl exec -i … psql … -f /dev/stdin < seed.sql`, as soon as the server takes it. */
export async function seed(): Promise<void> {
  const psql = [
    'psql',
    '-U',
    'quickticket',
    '-d',
    'quickticket',
    '-v',
    'ON_ERROR_STOP=1',
    '-1',
    '-f',
    '/dev/stdin',
  ]
  await until(
    'psql takes the seed',
    () => tryKubectl(['exec', '-i', '-n', NAMESPACE, 'deployment/postgres', '--', ...psql], { input: SEED }),
    ({ code }) => code === 0,
  )
}

/** Labs 9 and 12: columns and an index that the migrations of this project know under the same names, and one that they do not know. */
async function addOwnColumns(): Promise<void> {
  await sql(NAMESPACE, 'ALTER TABLE events ADD COLUMN email text, ADD COLUMN scheduled_at timestamptz')
  await sql(NAMESPACE, 'CREATE INDEX idx_events_event_date ON events (event_date)')
}

async function awaitRunning(selector: string): Promise<void> {
  await until(
    `${selector} run`,
    () => getJson<{ items: { status: { phase: string } }[] }>(['pods', '-n', NAMESPACE, '-l', selector]),
    ({ items }) => items.length > 0 && items.every(({ status }) => status.phase === 'Running'),
    START_TIMEOUT_MS,
  )
}

/** Waits until all pods of the system are ready, and no pod of an earlier version is left. */
export function awaitReady(count: number): Promise<Pod[]> {
  return until(
    `${count} pods are ready`,
    pods,
    (pods) => pods.length === count && pods.every(({ ready }) => ready),
    START_TIMEOUT_MS,
  )
}

export function pods(selector = SELLING): Promise<Pod[]> {
  return podsOf(NAMESPACE, selector)
}

/** Those of which containers were started again, since `before`. */
export function restarted(after: Pod[], before: Pod[] = []): string[] {
  const earlier = new Map(before.map(({ name, restarts }) => [name, restarts]))
  return after.filter(({ name, restarts }) => restarts > (earlier.get(name) ?? 0)).map(({ name }) => name)
}

export async function scale(deployment: string, replicas: number): Promise<void> {
  await kubectl(['scale', `deployment/${deployment}`, `--replicas=${replicas}`, '-n', NAMESPACE])
}

/** Lab 4's own disturbance. Returns when the successors are ready. */
export async function deletePods(app: string): Promise<void> {
  const before = (await pods(`app=${app}`)).map(({ uid }) => uid)
  await kubectl(['delete', 'pod', '-l', `app=${app}`, '-n', NAMESPACE, '--wait=false'])
  await until(
    `successors of ${app}`,
    () => pods(`app=${app}`),
    (after) =>
      after.length === before.length && after.every(({ uid, ready }) => ready && !before.includes(uid)),
    START_TIMEOUT_MS,
  )
}

/** The cluster of a student pulls any version; one without a registry may have this one only. */
async function withImagesThatExist<Value>(objects: Value): Promise<Value> {
  const text = JSON.stringify(objects)
  if (!text.includes(POSTGRES_16) || (await canStart(POSTGRES_16))) return objects
  console.log(`the cluster has no ${POSTGRES_16}: 17 in its place`)
  return JSON.parse(text.replaceAll(POSTGRES_16, IMAGES.postgres)) as Value
}

async function canStart(image: string): Promise<boolean> {
  const container = { name: 'try', image, imagePullPolicy: 'IfNotPresent', command: ['true'] }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'try-image' },
    spec: { restartPolicy: 'Never', containers: [container] },
  }
  await applyObjects([pod], ['-n', NAMESPACE])
  const state = await until(
    `an answer about ${image}`,
    () => kubectl(['get', 'pod', 'try-image', '-n', NAMESPACE, '-o', 'jsonpath={.status}']),
    (status) => /"phase":"Succeeded"|ErrImage|ImagePull/.test(status),
    START_TIMEOUT_MS,
  )
  await kubectl(['delete', 'pod', 'try-image', '-n', NAMESPACE, '--grace-period=0', '--force'])
  return state.includes('"Succeeded"')
}

function customer(): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'customer' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'customer',
          image: 'quickticket-gateway:v1',
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          resources: { requests: { cpu: '10m', memory: '64Mi' } },
        },
      ],
    },
  }
}
