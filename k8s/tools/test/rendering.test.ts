import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { k8s, madeFromMonitoring } from '../src/files.ts'
import { goldenFile, hasGolden, toGolden } from '../src/golden.ts'
import { type KubernetesObject, nameOf } from '../src/objects.ts'
import { components, overlays, render } from '../src/render.ts'
import { findTool, NO_TOOL } from '../src/tools.ts'
import { securityProblems } from './checks/pod-security.ts'
import { projectProblems } from './checks/project.ts'
import { schemaProblems } from './checks/schema.ts'

const canRender = findTool('kubectl') !== undefined
if (!canRender) console.warn(`rendering is skipped: ${NO_TOOL}`)

describe.skipIf(!canRender)('what kubectl makes of the overlays', () => {
  test.each(overlays().filter(hasGolden))('%s is what k8s/golden shows', async (overlay) => {
    expect(toGolden(await render(overlay)), 'npm run k8s regenerates it').toBe(
      readFileSync(goldenFile(overlay), 'utf8'),
    )
  })

  describe('experiments of lab 8 change nothing but their fault', () => {
    let lab08: KubernetesObject[]
    beforeAll(async () => {
      lab08 = await render('overlays/lab08')
    })

    test.each([
      ['payment-latency', ['Deployment payments: PAYMENT_LATENCY_MS 0 → 2000']],
      [
        'payment-failures',
        [
          'Deployment payments: PAYMENT_FAILURE_RATE 0.0 → 0.3',
          'Deployment payments: PAYMENT_LATENCY_MS 0 → 500',
        ],
      ],
      ['small-pool', ['Deployment events: DB_MAX_CONNS 10 → 3']],
      ['redis-gone', ['Deployment redis: replicas 1 → 0']],
      [
        'degraded',
        [
          'Deployment events: DB_MAX_CONNS 10 → 3',
          'Deployment payments: PAYMENT_FAILURE_RATE 0.0 → 0.3',
          'Deployment payments: PAYMENT_LATENCY_MS 0 → 500',
        ],
      ],
    ])('%s', async (name, changes) => {
      expect(differences(lab08, await render(`overlays/lab08-${name}`))).toEqual(changes)
    })
  })

  test.each(components())('%s alone can be added to the base', async (component) => {
    const objects = await withBase(component)
    expect(objects.length).toBeGreaterThanOrEqual((await render('base')).length - 1)
    expect(securityProblems(objects)).toEqual([])
    expect(projectProblems(objects)).toEqual([])
  })

  test('what components add is what its kind allows', async () => {
    const objects = await Promise.all(components().map(withBase))
    expect(await schemaProblems(objects.flat())).toEqual([])
  })
})

const FROM_MONITORING = [
  'prometheus/rules',
  'grafana/dashboards',
  'grafana/provisioning',
  'grafana-observability/dashboards',
  'logs/config',
  'logs/rules',
  'traces/config',
]

test('every golden file is of an overlay', () => {
  const files = overlays()
    .filter(hasGolden)
    .map((overlay) => basename(goldenFile(overlay)))
  expect(readdirSync(join(k8s, 'golden')).sort()).toEqual(files.sort())
})

test('every component is part of an overlay', () => {
  const used = [...overlays(), ...components(), 'base', 'components/notifications/workload']
    .map((directory) => readFileSync(join(k8s, directory, 'kustomization.yaml'), 'utf8'))
    .join('\n')
  const unused = components().filter((path) => !used.includes(`/${path.replace('components/', '')}\n`))
  // loadgen ends with its lab; components/images takes registry-credentials as soon as it has a registry; sre-gate needs a server
  // that runs before the overlay is applied
  expect(unused).toEqual(['components/loadgen', 'components/registry-credentials', 'components/sre-gate'])
})

test('every overlay says in three lines what it is', () => {
  for (const overlay of overlays()) {
    const text = readFileSync(join(k8s, overlay, 'kustomization.yaml'), 'utf8')
    expect(text, overlay).toMatch(/^(# .+\n){3}apiVersion/)
  }
})

describe('what is made from monitoring/', async () => {
  const made = await madeFromMonitoring()

  test.each([...made.keys()])('%s is up to date', (path) => {
    const file = join(k8s, path)
    expect(existsSync(file) && readFileSync(file, 'utf8'), 'npm run k8s regenerates it').toBe(made.get(path))
  })

  test('is all there is, and is in a ConfigMap', () => {
    for (const directory of FROM_MONITORING) {
      const there = readdirSync(join(k8s, 'components', directory)).map(
        (name) => `components/${directory}/${name}`,
      )
      expect(there.sort()).toEqual([...made.keys()].filter((path) => path.includes(directory)).sort())
      const [component, below] = directory.split('/')
      const listed = readFileSync(join(k8s, 'components', component as string, 'kustomization.yaml'), 'utf8')
      for (const path of there) expect(listed).toContain(`- ${below}/${basename(path)}\n`)
    }
  })
})

/** A component, after those that its comment says it needs. */
function withNeeded(component: string): string[] {
  const [comment = ''] = readFileSync(join(k8s, component, 'kustomization.yaml'), 'utf8').split('apiVersion:')
  const [, needed = ''] = /Needs the components? ([a-z -]+)/.exec(comment.replaceAll('\n# ', ' ')) ?? []
  return [
    ...needed
      .split(' and ')
      .filter(Boolean)
      .map((name) => `components/${name.trim()}`),
    component,
  ]
}

async function withBase(component: string): Promise<KubernetesObject[]> {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-k8s-'))
  const from = (path: string) => relative(realpathSync(directory), join(k8s, path))
  const lines = [
    'kind: Kustomization',
    `resources: [${from('base')}]`,
    `components: [${withNeeded(component).map(from).join(', ')}]`,
  ]
  writeFileSync(join(directory, 'kustomization.yaml'), lines.join('\n'))
  try {
    return await render(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

interface Spec {
  replicas?: number
  template?: { spec: { containers: { env?: { name: string; value?: string }[] }[] } }
}

/** Of variables and replicas, and any other one as a whole. */
function differences(before: KubernetesObject[], after: KubernetesObject[]): string[] {
  expect(after.map(nameOf)).toEqual(before.map(nameOf))
  return before.flatMap((object, index) => {
    const other = after[index] as KubernetesObject
    const [old, now] = [settings(object), settings(other)]
    const changes = Object.keys(old).filter((key) => old[key] !== now[key])
    return changes.map((key) => `${nameOf(object)}: ${key} ${old[key]} → ${now[key]}`)
  })
}

function settings(object: KubernetesObject): Record<string, unknown> {
  const { replicas, template, ...rest } = (object.spec ?? {}) as Spec
  const [{ env = [], ...container } = {}, ...others] = template?.spec.containers ?? []
  return {
    ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
    replicas,
    rest: JSON.stringify([rest, container, others, { ...template?.spec, containers: [] }]),
  }
}
