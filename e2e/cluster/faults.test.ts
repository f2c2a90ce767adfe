import { afterAll, afterEach, beforeAll, test } from 'vitest'
import { ask, askNumber } from '../src/cluster/ask.ts'
import { kubectl } from '../src/cluster/kubectl.ts'
import { startLoad } from '../src/cluster/load.ts'
import { awaitWorkloads } from '../src/cluster/state.ts'
import { until } from '../src/cluster/wait.ts'

/** three scrapes */
const WINDOW = '16s'
const EFFECT_TIMEOUT_MS = 150_000
const shown: { fault: string; effect: string }[] = []

beforeAll(async () => {
  // enough at a time for three connections to be too few
  await startLoad({ namespace: 'default', name: 'crowd', buyersPerSecond: 40, mostSeconds: 3600 })
  await kubectl([
    'exec',
    'deployment/postgres',
    '--',
    'psql',
    '-U',
    'quickticket',
    '-c',
    'UPDATE events SET total_tickets = 1000000',
  ])
  await healthy()
})
afterEach(healthy)
afterAll(async () => {
  await kubectl(['delete', 'pod', 'crowd', '--ignore-not-found', '--wait=false'])
  console.table(shown)
})

const answered = (path: string, status: string) =>
  `sum(rate(gateway_requests_total{path="${path}",status=~"${status}"}[${WINDOW}]))`
const shareOf = (path: string, status: string) =>
  `(${answered(path, status)} or vector(0)) / ${answered(path, '.+')}`
const p50 = (path: string) =>
  `histogram_quantile(0.5, sum by (le) (rate(gateway_request_duration_seconds_bucket{path="${path}"}[${WINDOW}])))`
const LIST = '/events'
const RESERVE = '/events/{id}/reserve'
const PAY = '/reserve/{id}/pay'

interface Effect {
  /** what Prometheus answers while it lasts */
  query: string
  wanted: (value: number) => boolean
  as: string
}

test.each<[string, Effect[]]>([
  [
    'lab08-payment-failures',
    [
      {
        query: shareOf(PAY, '500'),
        wanted: (share) => share > 0.1 && share < 0.6,
        as: 'share of pays answered 500',
      },
      { query: shareOf(LIST, '5..'), wanted: (share) => share === 0, as: 'share of lists answered 5xx' },
    ],
  ],
  [
    'lab08-redis-gone',
    [
      {
        query: shareOf(RESERVE, '503'),
        wanted: (share) => share > 0.9,
        as: 'share of reserves answered 503',
      },
      { query: shareOf(LIST, '5..'), wanted: (share) => share === 0, as: 'share of lists answered 5xx' },
    ],
  ],
  [
    'lab08-small-pool',
    [{ query: 'max(events_db_pool_max)', wanted: (size) => size === 3, as: 'connections at most' }],
  ],
  [
    'lab08-degraded',
    [
      {
        query: shareOf(PAY, '500'),
        wanted: (share) => share > 0.1 && share < 0.6,
        as: 'share of pays answered 500',
      },
      { query: p50(PAY), wanted: (seconds) => seconds > 0.25, as: 'median of a pay, s' },
      { query: 'max(events_db_pool_max)', wanted: (size) => size === 3, as: 'connections at most' },
    ],
  ],
])('%s shows, and is gone when lab08 is applied again', async (overlay, effects) => {
  await kubectl(['apply', '-k', `k8s/overlays/${overlay}`])
  await expectEffects(overlay, effects)
  await kubectl(['apply', '-k', 'k8s/overlays/lab08'])
})

test.each<[string, string[], Effect[]]>([
  [
    'payments PAYMENT_LATENCY_MS=6000',
    ['PAYMENT_LATENCY_MS=6000'],
    [{ query: shareOf(PAY, '504'), wanted: (share) => share > 0.9, as: 'share of pays answered 504' }],
  ],
  [
    'payments PAYMENT_FAILURE_RATE=1',
    ['PAYMENT_FAILURE_RATE=1'],
    [{ query: shareOf(PAY, '500'), wanted: (share) => share > 0.9, as: 'share of pays answered 500' }],
  ],
  [
    'payments FAULTS="POST /charge 100% status=503"',
    ['FAULTS=POST /charge 100% status=503'],
    [
      { query: shareOf(PAY, '503'), wanted: (share) => share > 0.9, as: 'share of pays answered 503' },
      {
        query: `sum(rate(payments_faults_injected_total{fault="status"}[${WINDOW}]))`,
        wanted: (rate) => rate > 0,
        as: 'injected faults a second',
      },
    ],
  ],
])(
  'kubectl set env deployment/%s shows, and is gone after rollout undo',
  async (what, variables, effects) => {
    await kubectl(['set', 'env', 'deployment/payments', ...variables])
    await expectEffects(what, effects)
    await kubectl(['rollout', 'undo', 'deployment/payments'])
  },
)

async function expectEffects(fault: string, effects: Effect[]): Promise<void> {
  for (const { query, wanted, as } of effects) {
    const value = await until(`${fault}: ${as}`, () => askNumber(query), wanted, EFFECT_TIMEOUT_MS)
    shown.push({ fault, effect: `${as}: ${Math.round(value * 1000) / 1000}` })
  }
}

/** Nothing is injected, and nothing that buyers ask for fails. */
async function healthy(): Promise<void> {
  await awaitWorkloads('default')
  const broken = `(sum(rate(gateway_requests_total{path=~"/events.*|/reserve.*",status=~"5.."}[${WINDOW}])) or vector(0))`
  await until(
    'no answer is 5xx any more',
    () => askNumber(broken),
    (rate) => rate === 0,
    EFFECT_TIMEOUT_MS,
  )
  await until(
    'buyers pay',
    () => askNumber(answered(PAY, '200')),
    (rate) => rate > 0,
    EFFECT_TIMEOUT_MS,
  )
  // a pod that has just been replaced may still be asked
  const active = () => ask('{__name__=~".+_fault_active"} == 1')
  await until('nothing is injected any more', active, (faults) => faults.length === 0, EFFECT_TIMEOUT_MS)
}
