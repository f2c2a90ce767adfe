import { setTimeout as delay } from 'node:timers/promises'
import { CannotTell } from '../../verb.ts'
import { type Container, docker, inspect } from './docker.ts'
import { createCopy } from './engine.ts'

/** A container that a copy of it with other variables stands in for. */
export interface Original {
  id: string
  name: string
}

/** The copy's label has the original's id. */
const LABEL = 'quickticket.chaos.stands-in-for'
const HEALTHY_MS = 20_000

/**
 * Starts a copy of a container with some variables changed, in its place. Everything else of the user's environment is as it was,
 * because it is read from the container, and the container itself is kept for {@link putBack}.
 */
export async function replaceByCopy(
  { id, name }: Original,
  variables: Record<string, string>,
): Promise<void> {
  const original = await inspect(id)
  if (!original) throw new CannotTell(`The container ${name} is gone`, `docker inspect ${id}`)
  const changed = { variables: changeVariables(original, variables), labels: { [LABEL]: id } }
  const copy = await createCopy(original, `${name}-${id.slice(0, 8)}-copy`, changed)
  await docker('stop', '--time', '10', id)
  await docker('rename', id, `${name}-${id.slice(0, 8)}-before`)
  await docker('rename', copy, name)
  await docker('start', copy)
  await untilHealthy(copy)
}

/** Ends the copy, wherever it was interrupted, and starts the original again. */
export async function putBack({ id, name }: Original): Promise<void> {
  const original = await inspect(id)
  if (!original) throw new CannotTell(`The container ${name} is gone`, `docker inspect ${id}`)
  const copies = (await docker('ps', '-aq', '--filter', `label=${LABEL}=${id}`)).split('\n').filter(Boolean)
  if (copies.length > 0) await docker('rm', '--force', ...copies)
  if (original.Name !== `/${name}`) await docker('rename', id, name)
  if (!original.State.Running) await docker('start', id)
}

function changeVariables({ Config }: Container, variables: Record<string, string>): string[] {
  const names = Object.keys(variables)
  const others = (Config.Env ?? []).filter((line) => !names.includes(line.slice(0, line.indexOf('='))))
  return [...others, ...names.map((name) => `${name}=${variables[name]}`)]
}

async function untilHealthy(id: string): Promise<void> {
  const deadline = performance.now() + HEALTHY_MS
  while (performance.now() < deadline) {
    const state = (await inspect(id))?.State
    if (state?.Running && (state.Health === undefined || state.Health.Status === 'healthy')) return
    await delay(300)
  }
  throw new CannotTell(`The copy is not healthy within ${HEALTHY_MS / 1000} s`, `docker logs ${id}`)
}
