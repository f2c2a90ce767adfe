import { SERVICES } from '@quickticket/contract/services'
import { docker } from './docker.ts'

export const IMAGES = [...SERVICES, 'migrations'] as const

/** Every image that the Dockerfile makes, as the target and the name that it gets. */
export const BUILDS = [
  ...IMAGES.map((name) => ({ target: name, image: `quickticket-${name}` })),
  ...IMAGES.map((name) => ({ target: `${name}-distroless`, image: `quickticket-${name}:distroless` })),
  ...SERVICES.map((name) => ({ target: `${name}-dev`, image: `quickticket-${name}:dev` })),
]

/** Builds them in parallel, as docker-bake.hcl says. */
export async function setup(): Promise<void> {
  await docker([
    'buildx',
    'bake',
    '--load',
    '--file',
    'docker-bake.hcl',
    ...BUILDS.map(({ target }) => target),
  ])
}
