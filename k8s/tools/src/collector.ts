import { type Document, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'

/** From here on an operator of file_log is about a line of a service, wherever it was found. */
const FIRST_SHARED = 'service-line'

/** In a file below /var/log/pods, whose path names namespace, pod and container. */
const FROM_PODS = [
  { type: 'container', id: 'pod' },
  {
    type: 'copy',
    id: 'container',
    from: 'resource["k8s.container.name"]',
    to: 'resource.service',
  },
]

/** A file that was rotated has another name. */
const WITHOUT_PATH = { type: 'remove', id: 'path', field: 'attributes["log.file.path"]' }

/**
 * Loki takes a line that it has only once, if all that is beside it is the same too. A pod that reads a file again, because it is
 * a new one, must not say that it has seen the line at another time.
 */
const READ_AGAIN = {
  name: 'transform/read-again',
  processor: { log_statements: ['set(log.observed_time_unix_nano, 0)'] },
}

/** The collector of Compose without its logs: one for all nodes. */
export function tracesConfig(compose: string): string {
  const document = parseDocument(compose)
  keep(document, ['extensions'], ['health_check'])
  keep(document, ['receivers'], ['otlp'])
  keep(document, ['exporters'], ['otlp_grpc/jaeger'])
  keepPipeline(document, 'traces', ['health_check'])
  return write(document)
}

/** The collector of Compose without its traces, reading what the kubelet keeps of the containers: one on every node. */
export function logsConfig(compose: string): string {
  const document = parseDocument(compose)
  keep(document, ['receivers'], ['file_log'])
  keep(document, ['processors'], ['memory_limiter'])
  keep(document, ['exporters'], ['otlp_http/loki'])
  keepPipeline(document, 'logs', ['health_check', 'file_storage'])
  const files = document.getIn(['receivers', 'file_log']) as YAMLMap
  files.set('include', document.createNode([`/var/log/pods/\${env:LOGS_NAMESPACE}_*/*/*.log*`]))
  files.set('exclude', document.createNode(['/var/log/pods/*/*/*.gz', '/var/log/pods/*/*/*.tmp']))
  files.set('include_file_path', true)
  const operators = files.get('operators') as YAMLSeq<YAMLMap>
  const first = operators.items.findIndex((operator) => operator.get('id') === FIRST_SHARED)
  if (first < 0) throw new Error(`the collector's configuration has no operator ${FIRST_SHARED}`)
  const own = document.createNode(FROM_PODS) as YAMLSeq<YAMLMap>
  const last = document.createNode(WITHOUT_PATH) as YAMLMap
  operators.items = [...own.items, ...operators.items.slice(first), last]
  document.setIn(['processors', READ_AGAIN.name], document.createNode(READ_AGAIN.processor))
  const processors = document.getIn(['service', 'pipelines', 'logs', 'processors']) as YAMLSeq
  processors.add(READ_AGAIN.name)
  return write(document)
}

function keepPipeline(document: Document, pipeline: string, extensions: string[]): void {
  keep(document, ['service', 'pipelines'], [pipeline])
  document.setIn(['service', 'extensions'], document.createNode(extensions, { flow: true }))
}

/** @throws Error where one of the names is missing: the file has changed */
function keep(document: Document, path: string[], names: string[]): void {
  const map = document.getIn(path) as YAMLMap<{ value: string }>
  for (const name of names)
    if (!map.has(name)) throw new Error(`the collector's configuration has no ${path.join('.')}.${name}`)
  map.items = map.items.filter(({ key }) => names.includes(key.value))
  const [first] = map.items as unknown as { key: { spaceBefore?: boolean } }[]
  if (first) first.key.spaceBefore = false
}

function write(document: Document): string {
  document.commentBefore = ' Made from monitoring/collector/config.yaml by npm run k8s: change it there.'
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
