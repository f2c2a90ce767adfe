import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { chartTemplates } from '../src/chart.ts'
import { k8s } from '../src/files.ts'
import { type KubernetesObject, nameOf, parseObjects } from '../src/objects.ts'
import { render } from '../src/render.ts'
import { findTool, NO_TOOL, runTool } from '../src/tools.ts'
import { projectProblems } from './checks/project.ts'
import { referenceProblems } from './checks/references.ts'

const chart = join(k8s, 'chart')
const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8'))
const canRender = findTool('helm') !== undefined && findTool('kubectl') !== undefined
if (!canRender) console.warn(`the chart is skipped: ${NO_TOOL.replace('kubectl', 'kubectl or helm')}`)

describe.skipIf(!canRender)('the Helm chart', () => {
  let unchanged: KubernetesObject[]
  beforeAll(async () => {
    unchanged = await template()
  })

  test('is made from the base, and up to date', async () => {
    const made = await chartTemplates()
    for (const [path, text] of made)
      expect(readFileSync(join(k8s, path), 'utf8'), 'npm run k8s regenerates it').toBe(text)
    const there = readdirSync(join(chart, 'templates')).filter((file) => file.endsWith('.yaml'))
    expect(there.map((file) => `chart/templates/${file}`).sort()).toEqual([...made.keys()].sort())
  })

  test('is the base, object by object, but for labels of the chart', async () => {
    const objects = unchanged.map(withoutLabelsOfChart)
    expect(byName(objects)).toEqual(byName(await render('base')))
  })

  test('passes helm lint', async () => {
    expect(await runTool('helm', ['lint', '--strict', chart])).toContain('0 chart(s) failed')
  })

  test.each(leaves(values))('%s does something', async (path, value) => {
    const other = typeof value === 'number' ? value + 1 : path.endsWith('Rate') ? 0.5 : `${value}x`
    const changed = await template('--set', `${path}=${other}`)
    expect(changed).not.toEqual(unchanged)
  })

  test('with other values it is as sound as with its own', async () => {
    const others = [
      'gateway.replicas=3',
      'payments.failureRate=0.3',
      'payments.latencyMs=500',
      'events.db.maxConns=3',
    ]
    const objects = await template(...others.flatMap((value) => ['--set', value]))
    expect(projectProblems(objects)).toEqual([])
    expect(referenceProblems(objects)).toEqual([])
    const variables = JSON.stringify(objects)
    expect(variables).toContain('{"name":"PAYMENT_FAILURE_RATE","value":"0.3"}')
    expect(variables).toContain('{"name":"PAYMENT_LATENCY_MS","value":"500"}')
  })

  test('with a Secret for the token of the services each of them has it', async () => {
    const objects = await template('--set', 'serviceTokenSecret=service-token')
    expect(referenceProblems(objects)).toEqual([])
    const named = objects.filter((object) => JSON.stringify(object).includes('"service-token"')).map(nameOf)
    expect(named.toSorted()).toEqual(['Deployment events', 'Deployment gateway', 'Deployment payments'])
  })

  test('with a database elsewhere it brings none', async () => {
    const names = (await template('--set', 'events.db.host=db.example.com')).map(nameOf)
    expect(names).not.toContain('Deployment postgres')
    expect(names).not.toContain('Service postgres')
    expect(names).toHaveLength((await render('base')).length - 2)
  })

  test.each([
    ['gateway.replcas=3', "at '/gateway': additional properties 'replcas' not allowed"],
    ['gatway.replicas=3', "at '': additional properties 'gatway' not allowed"],
    ['events.db.prot=5433', "at '/events/db': additional properties 'prot' not allowed"],
    ['serviceTokenSecret=Token!', "at '/serviceTokenSecret': 'Token!' does not match pattern"],
    ['gateway.replicas=many', "at '/gateway/replicas': got string, want integer"],
    ['payments.failureRate=2', "at '/payments/failureRate': maximum: got 2, want 1"],
    ['payments.latencyMs=-1', "at '/payments/latencyMs': minimum: got -1, want 0"],
    ['events.db.maxConns=0', "at '/events/db/maxConns': minimum: got 0, want 1"],
    [
      'gateway.image=quickticket-gateway',
      "at '/gateway/image': 'quickticket-gateway' does not match pattern",
    ],
    ['payments.latencyMs=0777', "at '/payments/latencyMs': '0777' does not match pattern"],
    ['payments.latencyMs=0x1F4', "at '/payments/latencyMs': '0x1F4' does not match pattern"],
    ['payments.failureRate=00.5', "at '/payments/failureRate': '00.5' does not match pattern"],
    ['payments.failureRate=', "at '/payments/failureRate': '' does not match pattern"],
    ['events.db.host=postgres://db', "at '/events/db/host': 'postgres://db' does not match pattern"],
    ['redis.image=Redis:7', "at '/redis/image': 'Redis:7' does not match pattern"],
  ])('%s is refused', async (value, message) => {
    await expect(template('--set', value)).rejects.toThrow(message)
  })

  test.each([
    ['gateway.replicas=3', "at '/gateway/replicas': got string, want integer"],
    ['events.db.port=5432', "at '/events/db/port': got string, want integer"],
    ['events.db.maxConns=3', "at '/events/db/maxConns': got string, want integer"],
    ['payments.latencyMs=600001', "at '/payments/latencyMs': '600001' does not match pattern"],
  ])('%s as text is refused', async (value, message) => {
    await expect(template('--set-string', value)).rejects.toThrow(message)
  })

  test.each(nodes(values))('%s without a value is refused', async (path) => {
    const above = path.split('.').slice(0, -1)
    const message = `at '${above.map((key) => `/${key}`).join('')}': missing property '${path.split('.').at(-1)}'`
    await expect(template('--set', `${path}=null`)).rejects.toThrow(message)
  })

  test.each(['localhost:5000/a/quickticket-gateway:v1', `quickticket-gateway:v1@sha256:${'0'.repeat(64)}`])(
    'takes the image %s',
    async (image) => {
      expect(JSON.stringify(await template('--set', `gateway.image=${image}`))).toContain(`"${image}"`)
    },
  )
})

async function template(...options: string[]): Promise<KubernetesObject[]> {
  return parseObjects(await runTool('helm', ['template', 'quickticket', chart, ...options]))
}

function withoutLabelsOfChart(object: KubernetesObject): KubernetesObject {
  const {
    'app.kubernetes.io/managed-by': managedBy,
    'helm.sh/chart': version,
    ...labels
  } = object.metadata.labels ?? {}
  expect([managedBy, version], nameOf(object)).toEqual(['Helm', 'quickticket-0.1.0'])
  return { ...object, metadata: { ...object.metadata, labels } }
}

function byName(objects: KubernetesObject[]): Record<string, KubernetesObject> {
  return Object.fromEntries(objects.map((object) => [nameOf(object), object]))
}

/** gateway.replicas, 1 */
function leaves(values: object, above = ''): [path: string, value: unknown][] {
  return Object.entries(values).flatMap(([key, value]): [string, unknown][] =>
    typeof value === 'object' ? leaves(value, `${above}${key}.`) : [[`${above}${key}`, value]],
  )
}

/** gateway, gateway.replicas, … */
function nodes(values: object, above = ''): string[] {
  return Object.entries(values).flatMap(([key, value]) => [
    `${above}${key}`,
    ...(typeof value === 'object' ? nodes(value, `${above}${key}.`) : []),
  ])
}
