import { CORE_SERVICES } from '@quickticket/contract/services'
import { type KubernetesObject, toYaml } from './objects.ts'
import { render } from './render.ts'

type Place = [object: string, path: string, expression: string]

const database: Place[] = [
  ['Secret postgres-credentials', 'data.username', '.Values.events.db.user | b64enc'],
  ['Secret postgres-credentials', 'data.password', '.Values.events.db.password | b64enc'],
  ['Deployment postgres', container('postgres', 'env.POSTGRES_DB.value'), '.Values.events.db.name | quote'],
  ...['initContainers.migrations', 'containers.events'].flatMap((client): Place[] => {
    const variable = (name: string) => `spec.template.spec.${client}.env.${name}.value`
    return [
      ['Deployment events', variable('DB_HOST'), '.Values.events.db.host | quote'],
      ['Deployment events', variable('DB_PORT'), '.Values.events.db.port | quote'],
      ['Deployment events', variable('DB_NAME'), '.Values.events.db.name | quote'],
    ]
  }),
  ['Deployment events', container('events', 'env.DB_MAX_CONNS.value'), '.Values.events.db.maxConns | quote'],
]

/** What of the base is a value of the chart; objects of a list go by their name. */
const PLACES: Place[] = [
  ...CORE_SERVICES.flatMap((name): Place[] => [
    [`Deployment ${name}`, 'spec.replicas', `.Values.${name}.replicas`],
    [`Deployment ${name}`, container(name, 'env.APP_VERSION.value'), `.Values.${name}.version | quote`],
  ]),
  ...[...CORE_SERVICES, 'postgres', 'redis'].map(
    (name): Place => [`Deployment ${name}`, container(name, 'image'), `.Values.${name}.image | quote`],
  ),
  [
    'Deployment events',
    'spec.template.spec.initContainers.migrations.image',
    '.Values.events.migrations.image | quote',
  ],
  ...database,
  [
    'Deployment payments',
    container('payments', 'env.PAYMENT_FAILURE_RATE.value'),
    '.Values.payments.failureRate | quote',
  ],
  [
    'Deployment payments',
    container('payments', 'env.PAYMENT_LATENCY_MS.value'),
    // as a whole number: Helm would write a million as 1e+06
    '.Values.payments.latencyMs | int64 | quote',
  ],
]

/** A variable that is there only when the values name its Secret. */
const TOKEN = {
  name: 'SERVICE_TOKEN',
  valueFrom: {
    secretKeyRef: {
      name: marked('.Values.serviceTokenSecret | quote'),
      key: 'token',
    },
  },
}

const LABELS = {
  'app.kubernetes.io/managed-by': '.Release.Service',
  'helm.sh/chart': 'printf "%s-%s" .Chart.Name .Chart.Version',
}

/** The templates of the Helm chart, by path below k8s/: the base, with values of the chart in it. */
export async function chartTemplates(): Promise<Map<string, string>> {
  const objects = await render('base')
  for (const [name, path, expression] of PLACES) {
    const object = objects.find(({ kind, metadata }) => `${kind} ${metadata.name}` === name)
    if (!object) throw new Error(`the base has no ${name}`)
    put(object, path, expression)
  }
  for (const name of CORE_SERVICES) addToken(objects, name)
  const files = new Map<string, string>()
  for (const app of [...CORE_SERVICES, 'postgres', 'redis', 'postgres-credentials']) {
    const own = objects.filter(({ metadata }) => metadata.name === app).map(withLabels)
    const text = own.map(template).join('---\n')
    files.set(`chart/templates/${app}.yaml`, `${MADE}${app === 'postgres' ? onlyIfOwn(text) : text}`)
  }
  return files
}

const MADE =
  '{{- /* Made from k8s/base by npm run k8s: change it there, or in k8s/tools/src/chart.ts. */ -}}\n'

/** With a database that is elsewhere there is no need for this one. */
function onlyIfOwn(text: string): string {
  return `{{- if eq .Values.events.db.host "postgres" }}\n${text}{{- end }}\n`
}

function container(name: string, path: string): string {
  return `spec.template.spec.containers.${name}.${path}`
}

function put(object: unknown, path: string, expression: string): void {
  const keys = path.split('.')
  const last = keys.pop() as string
  const parent = keys.reduce((node: unknown, key) => {
    const next = Array.isArray(node)
      ? node.find(({ name }) => name === key)
      : (node as Node | undefined)?.[key]
    if (next === undefined) throw new Error(`the base has no ${path}`)
    return next
  }, object) as Node
  if (!(last in parent)) throw new Error(`the base has no ${path}`)
  parent[last] = marked(expression)
}

type Node = Record<string, unknown>

/** Only on the object: labels of pods would replace them with every version of the chart. */
function withLabels(object: KubernetesObject): KubernetesObject {
  const labels = Object.entries(LABELS).map(([name, expression]) => [name, marked(expression)])
  return {
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...Object.fromEntries(labels) } },
  }
}

function addToken(objects: KubernetesObject[], name: string): void {
  for (const { kind, metadata, spec } of objects) {
    if (kind !== 'Deployment' || metadata.name !== name) continue
    const { template } = spec as { template: { spec: { containers: { env: object[] }[] } } }
    template.spec.containers[0]?.env.push(TOKEN)
  }
}

function marked(expression: string): string {
  return `<${Buffer.from(expression).toString('hex')}>`
}

function template(object: KubernetesObject): string {
  return toYaml(object)
    .replace(/"?<((?:[0-9a-f]{2})+)>"?/g, (_, hex) => `{{ ${Buffer.from(hex, 'hex')} }}`)
    .replace(
      /^( +)- name: SERVICE_TOKEN\n(\1 .*\n)+/m,
      (variable) => `{{- if .Values.serviceTokenSecret }}\n${variable}{{- end }}\n`,
    )
}
