import { parseAllDocuments, stringify } from 'yaml'

/** What every Kubernetes object has; the rest is the business of its kind. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  spec?: unknown
}

/** Kubernetes and Helm read YAML 1.1, where a bare yes is no text. */
const YAML = { version: '1.1' } as const

export function toYaml(object: object): string {
  return stringify(object, { ...YAML, lineWidth: 0 })
}

export function parseObjects(text: string): KubernetesObject[] {
  return parseAllDocuments(text, YAML)
    .map((document) => {
      if (document.errors[0]) throw document.errors[0]
      return document.toJS() as KubernetesObject | null
    })
    .filter((object) => object !== null)
}

/** Deployment gateway */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.name}`
}
