import { docker } from './docker.ts'
import { SERVICES } from './system.ts'

export const IMAGES = [...SERVICES, 'migrations'] as const

/** Every image that the Dockerfile makes, as the target and the name that it gets. */
export const BUILDS = [
  ...IMAGES.map((name) => ({ target: name, image: `quickticket-${name}` })),
  ...IMAGES.map((name) => ({ target: `${name}-distroless`, image: `quickticket-${name}:distroless` })),
  ...SERVICES.map((name) => ({ target: `${name}-dev`, image: `quickticket-${name}:dev` })),
]

/** Builds all of them at a time. */
export async function setup(): Promise<void> {
  const definition = {
    group: { default: { targets: BUILDS.map(({ target }) => target) } },
    target: Object.fromEntries(
      BUILDS.map(({ target, image }) => [
        target,
        { context: '.', dockerfile: 'services/Dockerfile', target, tags: [image] },
      ]),
    ),
  }
  await docker(['buildx', 'bake', '--load', '--file', '-'], {}, JSON.stringify(definition))
}
