import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { k8s } from '../../src/files.ts'
import { components, overlays, render } from '../../src/render.ts'
import { findTool, NO_TOOL } from '../../src/tools.ts'
import { type ApiServer, builtServer, startApiServer } from './server.ts'

const programs = builtServer()
const canApply = findTool('kubectl') !== undefined
if (!programs) console.warn('skipped: there is no API server; k8s/test/apiserver/build.sh builds one')
else if (!canApply) console.warn(`skipped: ${NO_TOOL}`)

/** Their fields are checked by the schemas of the other tests: here they only have to exist. */
const CUSTOM = [
  ['argoproj.io', 'v1alpha1', 'Rollout', 'rollouts'],
  ['argoproj.io', 'v1alpha1', 'AnalysisTemplate', 'analysistemplates'],
  ['argoproj.io', 'v1alpha1', 'Application', 'applications'],
  ['monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'],
  ['monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules'],
] as const

describe.skipIf(!programs || !canApply)('a real API server', () => {
  let server: ApiServer
  beforeAll(async () => {
    server = await startApiServer(programs as string)
    await server.kubectl(['apply', '-f', '-'], CUSTOM.map(definition).join('---\n'))
    await server.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
    // it says at once what it would refuse, in the namespaces that the labs use too
    await server.kubectl(['create', 'namespace', 'argocd'])
    await server.kubectl(['create', 'namespace', 'monitoring'])
    for (const namespace of ['default', 'monitoring'])
      await server.kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/warn=restricted'])
  })
  afterAll(() => server?.stop())

  // in the order of the labs, each on top of the ones before
  test.each(['base', ...overlays()])('%s can be applied, and again without a change', async (overlay) => {
    const first = await apply(server, overlay)
    expect(first.stdout.trim().split('\n')).toHaveLength((await render(overlay)).length)
    expect(complaints(first.stderr)).toEqual([])
    const before = await versions(server, overlay)
    const second = await apply(server, overlay)
    expect(complaints(second.stderr)).toEqual([])
    expect(await versions(server, overlay)).toBe(before)
    const changed = second.stdout.split('\n').filter((line) => line && !line.endsWith(' unchanged'))
    // kubectl always sends the selector of a budget anew; the server finds nothing to change in it
    expect(changed.filter((line) => !line.startsWith('poddisruptionbudget.policy/'))).toEqual([])
  })

  test.each(components().filter((path) => /load/.test(path)))('%s alone', async (component) => {
    expect(complaints((await apply(server, component)).stderr)).toEqual([])
  })

  test('the pods of the Rollout, which no built-in check sees', async () => {
    const [rollout] = (await render('overlays/prod')).filter(({ kind }) => kind === 'Rollout')
    const spec = { ...(rollout?.spec as object), strategy: undefined }
    const twin = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'twin' }, spec }
    const { stderr } = await server.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
      stringify(twin),
    )
    expect(complaints(stderr)).toEqual([])
  })

  test('the Application of Argo CD', async () => {
    await server.kubectl(['apply', '--validate=strict', '-f', join(k8s, 'argocd/application.yaml')])
  })

  test.skipIf(!findTool('helm'))('the Helm chart: installed, changed, and back', async () => {
    const chart = join(k8s, 'chart')
    const place = ['--namespace', 'chart']
    const replicas = async () => {
      const path = 'jsonpath={.spec.replicas}'
      return (await server.kubectl(['get', 'deployment', 'gateway', ...place, '-o', path])).stdout
    }
    const first = await server.helm(['install', 'quickticket', chart, ...place, '--create-namespace'])
    expect(first.stdout).toContain('rollout status deployment/events')
    expect(await replicas()).toBe('1')
    await server.helm(['upgrade', 'quickticket', chart, ...place, '--set', 'gateway.replicas=3'])
    expect(await replicas()).toBe('3')
    await server.helm(['rollback', 'quickticket', '1', ...place])
    expect(await replicas()).toBe('1')
  })

  test('it does complain: an unknown field, and a pod that may do everything', async () => {
    const pod = (spec: object) =>
      stringify({ apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'bad' }, template: { spec } })
    const containers = [{ name: 'bad', image: 'bad' }]
    const bare = await server.kubectl(['apply', '--dry-run=server', '-f', '-'], deployment({ containers }))
    expect(bare.stderr).toContain('would violate PodSecurity')
    await expect(
      server.kubectl(['apply', '--validate=strict', '-f', '-'], pod({ containers, restart: 'Never' })),
    ).rejects.toThrow('unknown field "template.spec.restart"')
  })
})

async function versions(server: ApiServer, directory: string): Promise<string> {
  const columns = 'custom-columns=:kind,:metadata.name,:metadata.resourceVersion'
  return (await server.kubectl(['get', '-k', join(k8s, directory), '-o', columns])).stdout
}

function apply(server: ApiServer, directory: string) {
  return server.kubectl(['apply', '--validate=strict', '-k', join(k8s, directory)])
}

/** That apply had to remember what others made is no complaint about the manifest. */
function complaints(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line && !line.includes('missing the kubectl.kubernetes.io/last-applied'))
}

function deployment(spec: object): string {
  return stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'bad' },
    spec: {
      selector: { matchLabels: { app: 'bad' } },
      template: { metadata: { labels: { app: 'bad' } }, spec },
    },
  })
}

function definition([group, version, kind, plural]: (typeof CUSTOM)[number]): string {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, test' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  })
}
