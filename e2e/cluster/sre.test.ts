import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyObjects, getJson, kubectl } from '../src/cluster/kubectl.ts'
import { awaitWorkloads } from '../src/cluster/state.ts'
import { until } from '../src/cluster/wait.ts'

const SERVICES = '/api/v1/namespaces/monitoring/services'
const TOKEN = randomBytes(24).toString('hex')

interface Incident {
  id: string
  status: string
  severity: number
  services: string[]
}

beforeAll(async () => {
  await kubectl([
    '-n',
    'monitoring',
    'create',
    'secret',
    'generic',
    'sre-token',
    `--from-literal=token=${TOKEN}`,
  ])
  await kubectl(['apply', '-k', 'k8s/overlays/lab10-sre'])
  await awaitWorkloads('monitoring')
})
afterAll(async () => {
  await kubectl(['apply', '-k', 'k8s/overlays/lab10'])
  const made = ['deployment/sre', 'service/sre', 'pvc/sre-data', 'secret/sre-token']
  await kubectl(['-n', 'monitoring', 'delete', ...made, '--ignore-not-found'])
  await awaitWorkloads('monitoring')
})

test('an alert of Alertmanager becomes an incident, which outlives the pod', async () => {
  const alert = [
    'alertname=TargetDown',
    'severity=critical',
    'service=payments',
    '--annotation=summary=it is gone',
  ]
  const amtool = ['amtool', '--alertmanager.url=http://localhost:9093', 'alert', 'add', ...alert]
  await kubectl(['-n', 'monitoring', 'exec', 'deployment/alertmanager', '--', ...amtool])
  const isThere = (incidents: Incident[]) => incidents.some(({ services }) => services.includes('payments'))
  const [incident] = await until('an incident of payments', listIncidents, isThere)
  expect(incident).toMatchObject({ id: 'INC-0001', status: 'investigating' })

  await kubectl(['-n', 'monitoring', 'delete', 'pod', '-l', 'app=sre'])
  await kubectl(['-n', 'monitoring', 'rollout', 'status', 'deployment/sre', '--timeout=120s'])
  const after = await until('the incident of before', listIncidents, isThere)
  expect(after.map(({ id }) => id)).toContain('INC-0001')
})

test('it measures by the Prometheus of the cluster, and its page changes nothing', async () => {
  // Prometheus may not have scraped twice yet
  const gate = await until('a decision', askGate, ({ decision }) => decision !== 'unknown')
  expect(gate.decision).toMatch(/^(allowed|halted)$/)
  expect(gate.conditions.length).toBeGreaterThan(2)
  expect(await get('/')).toContain('gateway-availability')
})

describe('a release', () => {
  const gate = ['network-policy', 'pre-sync', 'release-gate'].flatMap((name) => [
    '-f',
    `k8s/components/sre-gate/${name}.yaml`,
  ])
  afterAll(async () => {
    await kubectl(['delete', ...gate, '--ignore-not-found'])
    await kubectl(['delete', 'analysisruns', '-l', 'quickticket-test=gate', '--ignore-not-found'])
  })

  test('is stopped while a severe incident is open, by the hook of Argo CD and by the analysis of a canary', async () => {
    await kubectl(['apply', ...gate])
    expect(await endOfJob()).toBe('Failed')
    expect(await kubectl(['logs', 'job/sre-gate'])).toMatch(/^all {2}halted: [\s\S]*INC-0001/)
    expect(await endOfAnalysis('halted')).toBe('Failed')
  })

  test('goes on after an override by a person who may', async () => {
    const override = ['--override', '--by', 'sre-on-call', '--reason', 'the release is the fix']
    const command = ['node', 'sre/src/main.ts', 'gate', ...override]
    await kubectl(['-n', 'monitoring', 'exec', 'deployment/sre', '--', ...command])
    await kubectl(['delete', 'job', 'sre-gate'])
    await kubectl(['apply', ...gate])
    expect(await endOfJob()).toBe('Complete')
    expect(await endOfAnalysis('overridden')).toBe('Successful')
  })
})

async function endOfJob(): Promise<string | undefined> {
  const read = () => getJson<{ status: { conditions?: { type: string }[] } }>(['job', 'sre-gate'])
  const ends = ({ status }: Awaited<ReturnType<typeof read>>) =>
    status.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')?.type
  return ends(await until('the end of the Job', read, (job) => ends(job) !== undefined))
}

async function endOfAnalysis(name: string): Promise<string | undefined> {
  const { spec } = await getJson<{ spec: { metrics: object[] } }>(['analysistemplate', 'release-gate'])
  const run = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: `gate-${name}`, namespace: 'default', labels: { 'quickticket-test': 'gate' } },
    spec: { metrics: spec.metrics, args: [{ name: 'service', value: 'gateway' }] },
  }
  await applyObjects([run])
  const read = () => getJson<{ status?: { phase?: string } }>(['analysisrun', run.metadata.name])
  const isOver = ({ status }: { status?: { phase?: string } }) =>
    ['Failed', 'Successful', 'Error', 'Inconclusive'].includes(status?.phase ?? '')
  return (await until('the end of the analysis', read, isOver)).status?.phase
}

async function listIncidents(): Promise<Incident[]> {
  const { incidents } = JSON.parse(await get('/incidents')) as { incidents: Incident[] }
  return incidents
}

async function askGate() {
  return JSON.parse(await get('/gate?service=gateway')) as { decision: string; conditions: object[] }
}

function get(path: string): Promise<string> {
  return kubectl(['get', '--raw', `${SERVICES}/sre:3090/proxy${path}`])
}
