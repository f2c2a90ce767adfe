import type { Environment } from './system.ts'

/** What a process needs to run at all; the variables of whoever runs the tests must not change them. */
export function surroundings(): Environment {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG']
  return Object.fromEntries(
    kept
      .map((name) => [name, process.env[name]] as const)
      .filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
