import type { Context } from '../../context.ts'
import { runForJson, runProgram } from '../../program.ts'
import { CannotTell } from '../../verb.ts'
import type { Component } from './components.ts'

/** What `docker inspect` says, as far as it is read; the rest is kept for a copy. */
export interface Container {
  Id: string
  Name: string
  /** the image's id: its name may be of another image by now */
  Image: string
  State: { Status: string; Paused: boolean; Running: boolean; Health?: { Status: string } }
  Config: { Image: string; Hostname?: string; Env: string[] | null; Labels: Record<string, string> }
  HostConfig: Record<string, unknown>
  NetworkSettings: { Networks: Record<string, { Aliases: string[] | null; IPAMConfig?: unknown }> }
}

export function docker(...args: string[]): Promise<string> {
  return runProgram('docker', args)
}

/** The container of a component. @throws {CannotTell} when the project has none, or several */
export async function findContainer(context: Context, component: Component): Promise<Container> {
  const project = context.env.COMPOSE_PROJECT_NAME || 'quickticket'
  const labels = [
    `label=com.docker.compose.project=${project}`,
    `label=com.docker.compose.service=${component}`,
  ]
  const args = ['ps', '-aq', '--no-trunc', ...labels.flatMap((label) => ['--filter', label])]
  const ids = (await docker(...args)).split('\n').filter(Boolean)
  const all = (await Promise.all(ids.map(inspect))).filter((container) => container !== undefined)
  const found = all.filter(({ Config }) => Config.Labels['com.docker.compose.oneoff'] !== 'True')
  // a copy of it may stand in for one that is stopped
  const running = found.filter(({ State }) => State.Running)
  const [chosen, ...more] = running.length > 0 ? running : found
  if (chosen && more.length === 0) return chosen
  const missing = chosen ? 'several containers' : 'no container'
  throw new CannotTell(
    `The Compose project ${project} has ${missing} of ${component}`,
    ['docker', ...args].join(' '),
  )
}

/** undefined: it is gone */
export async function inspect(id: string): Promise<Container | undefined> {
  try {
    const [found] = await runForJson<Container[]>(runProgram, 'docker', [
      'inspect',
      '--type',
      'container',
      id,
    ])
    return found
  } catch (error) {
    if (error instanceof CannotTell && /no such (container|object)/i.test(error.message)) return undefined
    throw error
  }
}
