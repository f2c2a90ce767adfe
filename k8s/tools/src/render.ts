import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { k8s } from './files.ts'
import { type KubernetesObject, parseObjects } from './objects.ts'
import { runTool } from './tools.ts'

/** Directories below k8s/ that have a kustomization.yaml of the kind that can be applied, as in `overlays/lab04`. */
export function overlays(): string[] {
  return kustomizations('overlays')
}

/** The same for capabilities that overlays combine, as in `components/rollout`. */
export function components(): string[] {
  return kustomizations('components').filter((path) =>
    readFileSync(join(k8s, path, 'kustomization.yaml'), 'utf8').includes('\nkind: Component\n'),
  )
}

/** @param directory below k8s/, or an absolute path */
export async function render(directory: string): Promise<KubernetesObject[]> {
  return parseObjects(await runTool('kubectl', ['kustomize', resolve(k8s, directory)]))
}

function kustomizations(below: string): string[] {
  return readdirSync(join(k8s, below), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('kustomization.yaml'))
    .map((file) => join(below, dirname(file)))
    .sort()
}
