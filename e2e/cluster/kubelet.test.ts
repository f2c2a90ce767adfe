import { afterAll, beforeAll, expect, test } from 'vitest'
import { disturb, SELLING } from '../src/cluster/disturb.ts'
import { kubectl } from '../src/cluster/kubectl.ts'
import { openNodeShell } from '../src/cluster/node-process.ts'
import { type Pod, podsOf, startProduction } from '../src/cluster/production.ts'
import { until } from '../src/cluster/wait.ts'

const FROZEN_S = 60
const NOTICED_TIMEOUT_MS = 180_000
let namespace: string

beforeAll(async () => {
  namespace = await startProduction('staging')
})
afterAll(async () => {
  await kubectl(['delete', 'namespace', namespace, '--timeout=180s'])
})

test('a kubelet stands still for a minute: buyers may notice, and nothing is started again', async () => {
  const [{ node }] = (await podsOf(namespace, 'app=gateway')) as [Pod]
  const shell = await openNodeShell(node)
  const condition = '{.status.conditions[?(@.type=="Ready")].status}'
  const status = () => kubectl(['get', 'node', node, '-o', `jsonpath=${condition}`])
  try {
    const { restarted, row } = await disturb(namespace, `kubelet stopped for ${FROZEN_S} s`, async () => {
      await shell.freezeKubelet(FROZEN_S)
      await until('the node is noticed to be away', status, (ready) => ready !== 'True', NOTICED_TIMEOUT_MS)
      await until('the node is back', status, (ready) => ready === 'True', NOTICED_TIMEOUT_MS)
      const allReady = (pods: Pod[]) => pods.every(({ ready }) => ready)
      await until('all pods are ready', () => podsOf(namespace, SELLING), allReady, NOTICED_TIMEOUT_MS)
    })
    console.table([row])
    expect(restarted).toEqual([])
  } finally {
    await shell.close()
  }
})
