import type { Context } from '../../context.ts'
import type { Component } from './components.ts'
import { docker, findContainer } from './docker.ts'
import { findWorkload, kubectl } from './workload.ts'

/**
 * Runs a command where a component runs, so that it cannot reach another system's by mistake. A published port might be that of one.
 *
 * @throws {CannotTell} when it fails
 */
export async function execIn(
  context: Context & { system: 'compose' | 'cluster' },
  component: Component,
  command: string[],
): Promise<string> {
  if (context.system === 'cluster') {
    const { name } = await findWorkload(component)
    return kubectl('exec', name, '--', ...command)
  }
  const { Id } = await findContainer(context, component)
  return docker('exec', Id, ...command)
}

export function hasExec(context: Context): context is Context & { system: 'compose' | 'cluster' } {
  return context.system !== 'local'
}
