import { type KubernetesObject, toYaml } from './objects.ts'
import { render } from './render.ts'

/** By the names that the course's sheets give them. */
const APPS = ['postgres', 'redis', 'payments', 'events', 'gateway']

/** The overlay with a registry, if there is one: Argo CD may be pointed at k8s/ as well. */
export const PLAIN_OVERLAY = 'overlays/lab05'

const MADE = `# Made by npm run k8s from k8s/${PLAIN_OVERLAY}: change it in k8s/base, where the reasons are written too.\n`

/** Files directly below k8s/, by path: the system for `kubectl apply -f k8s/`, which knows no Kustomize. */
export async function plainFiles(): Promise<Map<string, string>> {
  const objects = await render(PLAIN_OVERLAY)
  return new Map(APPS.map((app) => [`${app}.yaml`, MADE + objectsOf(app, objects).map(toYaml).join('---\n')]))
}

/** The Secret postgres-credentials is PostgreSQL's. */
function objectsOf(app: string, objects: KubernetesObject[]): KubernetesObject[] {
  return objects.filter(({ metadata }) => metadata.name === app || metadata.name.startsWith(`${app}-`))
}
