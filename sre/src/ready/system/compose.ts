import { type RunProgram, runForJson } from '../../program.ts'
import { CannotTell } from '../../verb.ts'
import { readCreation } from './image-creation.ts'
import type { Variable, Workload } from './workload.ts'

/** The running containers of a Compose project. @throws {CannotTell} when there are none, or Docker does not tell */
export async function readContainers(run: RunProgram, project: string): Promise<Workload[]> {
  const filter = `label=com.docker.compose.project=${project}`
  const list = ['ps', '--quiet', '--no-trunc', '--filter', filter]
  const ids = (await run('docker', list)).split('\n').filter(Boolean)
  if (ids.length === 0) {
    throw new CannotTell(`No container of the Compose project ${project} runs`, ['docker', ...list].join(' '))
  }
  const containers = await runForJson<Container[]>(run, 'docker', ['inspect', ...ids])
  // an image that was removed under a running container has no time
  const created = await readCreation(
    run,
    containers.map(({ Image }) => Image),
  )
  return containers
    .filter(({ Config }) => Config.Labels['com.docker.compose.oneoff'] !== 'True')
    .map(({ Image, Config, HostConfig }) => ({
      service: Config.Labels['com.docker.compose.service'] ?? '',
      probes: Config.Healthcheck?.Test && Config.Healthcheck.Test[0] !== 'NONE' ? ['health check'] : [],
      memoryLimited: HostConfig.Memory > 0,
      cpuAssigned: true,
      variables: (Config.Env ?? []).map(variableOf),
      image: Config.Image,
      imageCreatedAt: created.get(Image),
      labels: Config.Labels,
    }))
    .sort((a, b) => a.service.localeCompare(b.service))
}

function variableOf(text: string): Variable {
  const end = text.indexOf('=')
  return { name: text.slice(0, end), value: text.slice(end + 1) }
}

/** What `docker inspect` says, as far as it is read. */
interface Container {
  Image: string
  Config: {
    Image: string
    Env: string[] | null
    Labels: Record<string, string>
    Healthcheck?: { Test?: string[] }
  }
  HostConfig: { Memory: number }
}
