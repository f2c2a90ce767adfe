import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { k8s } from './files.ts'
import { type KubernetesObject, parseObjects, toYaml } from './objects.ts'

/** Experiments differ from lab 8 in a line or two: a test says which. */
export function hasGolden(overlay: string): boolean {
  return !overlay.startsWith('overlays/lab08-')
}

export function goldenFile(overlay: string): string {
  return join(k8s, 'golden', `${overlay.replace('overlays/', '').replaceAll('/', '-')}.yaml`)
}

/**
 * Rendered objects as text that is read in a diff: files that became part of an object are named instead of repeated, and
 * names do not end in the hash of such a file.
 */
export function toGolden(objects: KubernetesObject[]): string {
  const files = ownFiles()
  const brief = objects.map((object) => withFilesNamed(object, files))
  const text = brief.map(toYaml).join('---\n')
  return objects.reduce(
    (shown, { metadata }) => shown.replaceAll(metadata.name, withoutHash(metadata.name)),
    text,
  )
}

/** The objects that a golden file stands for, but for the hashes in names. */
export function fromGolden(overlay: string): KubernetesObject[] {
  const file = goldenFile(overlay)
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run k8s makes it`)
  return parseObjects(readFileSync(file, 'utf8')).map(withFilesRead)
}

type WithData = KubernetesObject & { data?: Record<string, string>; spec?: unknown }

function withFilesNamed(object: WithData, files: Map<string, string>): WithData {
  if (object.kind === 'PrometheusRule')
    return { ...object, spec: '<components/servicemonitors/prometheus-rule.yaml>' }
  if (object.kind !== 'ConfigMap' || !object.data) return object
  const data = Object.entries(object.data).map(([key, text]) => [key, files.get(text) ?? text])
  return { ...object, data: Object.fromEntries(data) }
}

function withFilesRead(object: WithData): WithData {
  if (typeof object.spec === 'string') return { ...object, spec: parse(readNamed(object.spec)).spec }
  if (object.kind !== 'ConfigMap' || !object.data) return object
  const data = Object.entries(object.data).map(([key, text]) => [
    key,
    NAMED.test(text) ? readNamed(text) : text,
  ])
  return { ...object, data: Object.fromEntries(data) }
}

const NAMED = /^<components\/\S+>$/

function readNamed(name: string): string {
  return readFileSync(join(k8s, name.slice(1, -1)), 'utf8')
}

/** path by content */
function ownFiles(): Map<string, string> {
  const paths = globSync(
    'components/{prometheus,alertmanager,grafana,grafana-observability,locust,traces,logs}/**/*.{json,yml,yaml,py}',
    {
      cwd: k8s,
    },
  )
  return new Map(paths.map((path) => [readFileSync(join(k8s, path), 'utf8'), `<${path}>`]))
}

/** Kustomize's suffix: ten characters, none of which is a vowel. */
function withoutHash(name: string): string {
  return name.replace(/-[bcdfghkmt245-9]{10}$/, '')
}
