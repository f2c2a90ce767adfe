import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { CannotTell } from '../../verb.ts'
import type { Container } from './docker.ts'
import { docker } from './docker.ts'

/**
 * Makes a container that is like another one, its networks and ports included, but for what is changed. `docker create` has no such
 * option, so it is asked for through the engine's API.
 *
 * @returns its id
 * @throws {CannotTell} when the engine refuses, or is not on this machine
 */
export async function createCopy(
  { Config, HostConfig, NetworkSettings, Id, Image }: Container,
  name: string,
  changed: { variables: string[]; labels: Record<string, string> },
): Promise<string> {
  const networks = Object.entries(NetworkSettings.Networks).map(([network, { Aliases, IPAMConfig }]) => [
    network,
    { Aliases, IPAMConfig },
  ])
  const { Hostname, ...config } = Config
  const body = {
    ...config,
    Image,
    // the engine's own choice is the beginning of the id
    ...(!Id.startsWith(Hostname ?? '') && { Hostname }),
    Env: changed.variables,
    Labels: { ...Config.Labels, ...changed.labels },
    HostConfig,
    NetworkingConfig: { EndpointsConfig: Object.fromEntries(networks) },
  }
  const { Id: id } = await post<{ Id: string }>(`/containers/create?name=${encodeURIComponent(name)}`, body)
  return id
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const host = (await docker('context', 'inspect', '--format', '{{.Endpoints.docker.Host}}')).trim()
  const [, socketPath] = /^unix:\/\/(.+)$/.exec(host) ?? []
  if (socketPath === undefined) throw new CannotTell('The Docker Engine is not on this machine', host)
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new CannotTell(`Docker Engine: ${reason}`, `POST ${path}`))
    request({ socketPath, path, method: 'POST', headers: { 'content-type': 'application/json' } })
      .on('response', (response) => {
        json(response).then(
          (answer) => {
            if (response.statusCode === 201) resolve(answer as T)
            else fail((answer as { message?: string }).message ?? `status ${response.statusCode}`)
          },
          (error: Error) => fail(error.message),
        )
      })
      .on('error', (error) => fail(error.message))
      .end(JSON.stringify(body))
  })
}
