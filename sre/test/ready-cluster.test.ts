import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { REPOSITORY } from '../src/context.ts'
import type { RunProgram } from '../src/program.ts'
import { autoscaling } from '../src/ready/checks/autoscaling.ts'
import { disruptionBudgets } from '../src/ready/checks/disruption-budgets.ts'
import { imageAge } from '../src/ready/checks/image-age.ts'
import { limits } from '../src/ready/checks/limits.ts'
import { networkPolicies } from '../src/ready/checks/network-policies.ts'
import { passwords } from '../src/ready/checks/passwords.ts'
import { plainSecrets } from '../src/ready/checks/plain-secrets.ts'
import { probes } from '../src/ready/checks/probes.ts'
import { selects } from '../src/ready/system/objects.ts'
import { CannotTell } from '../src/verb.ts'
import { ask, ownContext } from './ready-kit.ts'

// No cluster runs here: kubectl's answers are made of what `kubectl kustomize` wrote for each overlay. A cluster adds its defaults.

const cluster = () => ownContext({}, { system: 'cluster' })

test('the production overlay has probes, limits, budgets, policies and an autoscaler', async () => {
  const run = kubectlOf('prod')
  for (const check of [probes, limits, disruptionBudgets, networkPolicies, autoscaling]) {
    expect(await ask(check, cluster(), { run })).toMatchObject({ status: 'pass' })
  }
})

test('the overlay of lab 5 has probes and limits, and neither budgets nor policies nor an autoscaler', async () => {
  const run = kubectlOf('lab05')
  for (const check of [probes, limits]) {
    expect(await ask(check, cluster(), { run })).toMatchObject({ status: 'pass' })
  }
  expect(await ask(disruptionBudgets, cluster(), { run })).toMatchObject({
    status: 'fail',
    evidence: 'none for events, gateway, payments',
  })
  expect(await ask(networkPolicies, cluster(), { run })).toMatchObject({ status: 'fail' })
  expect(await ask(autoscaling, cluster(), { run })).toMatchObject({
    status: 'fail',
    evidence: 'no HorizontalPodAutoscaler for gateway',
  })
})

test('a value from a Secret is no plain secret, and may be a default password', async () => {
  const run = kubectlOf('lab05')
  expect(await ask(plainSecrets, cluster(), { run })).toMatchObject({ status: 'pass' })
  expect(await ask(passwords, cluster(), { run })).toMatchObject({
    status: 'fail',
    evidence: 'default: events DB_PASS, postgres POSTGRES_PASSWORD',
  })
})

test('a Secret that cannot be read may be anything', async () => {
  // the production overlay leaves its Secrets to an operator
  const { status, evidence } = await ask(passwords, cluster(), { run: kubectlOf('prod') })
  expect({ status, evidence }).toEqual({
    status: 'unknown',
    evidence: expect.stringContaining('secrets "postgres-credentials" not found'),
  })
})

test('how old an image is comes from the Docker of this machine, if it has them all', async () => {
  const kubectl = kubectlOf('prod')
  const withDocker: RunProgram = async (program, args) =>
    program === 'docker' ? JSON.stringify([{ Created: '2026-01-01T00:00:00Z' }]) : kubectl(program, args)
  const at = (day: string) => ownContext({}, { system: 'cluster', now: () => Date.parse(day) })
  expect(await ask(imageAge, at('2026-03-31'), { run: withDocker })).toMatchObject({ status: 'pass' })
  expect(await ask(imageAge, at('2026-04-02'), { run: withDocker })).toMatchObject({ status: 'fail' })

  const { status, fix } = await ask(imageAge, cluster(), { run: kubectl })
  expect(status).toBe('unknown')
  expect(fix).toContain('A cluster does not tell it')
})

test('kubectl that cannot reach a cluster makes each check of it unknown', async () => {
  const run: RunProgram = async () => {
    throw new CannotTell(
      'kubectl failed: The connection to the server was refused',
      'kubectl get deployments',
    )
  }
  for (const check of [probes, disruptionBudgets, imageAge]) {
    expect(await ask(check, cluster(), { run })).toMatchObject({ status: 'unknown' })
  }
})

test.each([
  [{}, true],
  [{ matchLabels: { app: 'gateway' } }, true],
  [{ matchLabels: { app: 'events' } }, false],
  [{ matchLabels: { app: 'gateway', tier: 'x' } }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['events', 'gateway'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['gateway'] }] }, false],
  [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['x'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
])('the selector %j selects a pod with app=gateway: %j', (selector, expected) => {
  expect(selects(selector, { app: 'gateway' })).toBe(expected)
})

/** Answers `kubectl get KINDS -o json` from the manifests of an overlay. */
function kubectlOf(overlay: string): RunProgram {
  const text = readFileSync(join(REPOSITORY, `k8s/golden/${overlay}.yaml`), 'utf8')
  const objects = parseAllDocuments(text).flatMap((document) => (document.toJS() as Manifest | null) ?? [])
  return async (program, [verb, kinds = '', name = '']) => {
    if (program === 'docker') throw new CannotTell('There is no docker here', 'docker')
    expect([program, verb]).toEqual(['kubectl', 'get'])
    if (kinds === 'secret') {
      const secret = objects.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === name)
      if (secret) return JSON.stringify(secret)
      throw new CannotTell(
        `kubectl failed: Error from server (NotFound): secrets "${name}" not found`,
        'kubectl',
      )
    }
    const isAsked = (kind: string) =>
      kinds
        .split(',')
        .some((asked) => [`${kind}s`, `${kind.slice(0, -1)}ies`].includes(asked.replace('.argoproj.io', '')))
    const items = objects.filter(({ kind }) => isAsked(kind.toLowerCase()))
    if (kinds.includes('argoproj') && items.length === 0) {
      throw new CannotTell(
        `kubectl failed: error: the server doesn't have a resource type "rollouts"`,
        'kubectl',
      )
    }
    return JSON.stringify({ items })
  }
}

interface Manifest {
  kind: string
  metadata: { name: string }
}
