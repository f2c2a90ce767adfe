import { fileURLToPath } from 'node:url'
import { CannotTell } from '../../verb.ts'
import type { Link } from '../proxy/delayed.ts'
import { docker, inspect } from './docker.ts'

const SOURCE = fileURLToPath(new URL('../proxy/.', import.meta.url))

/** Starts a proxy in the networks of a container, from that container's image, which has Node.js. */
export async function startProxy(
  name: string,
  besides: string,
  target: { host: string; port: number; link: Link },
): Promise<void> {
  const container = await inspect(besides)
  const [network] = Object.keys(container?.NetworkSettings.Networks ?? {})
  if (!container || network === undefined) {
    throw new CannotTell('The container that needs the proxy has no network', `docker inspect ${besides}`)
  }
  const limits = [
    '--memory=128m',
    '--memory-swap=128m',
    '--security-opt=no-new-privileges:true',
    '--cap-drop=ALL',
  ]
  const program = ['node', '/tmp/proxy/main.ts', JSON.stringify(target)]
  await removeProxy(name)
  await docker(
    'create',
    '--name',
    name,
    '--network',
    network,
    ...limits,
    '--no-healthcheck',
    container.Image,
    ...program,
  )
  await docker('cp', SOURCE, `${name}:/tmp/proxy`)
  await docker('start', name)
}

export async function removeProxy(name: string): Promise<void> {
  if (await inspect(name)) await docker('rm', '--force', name)
}
