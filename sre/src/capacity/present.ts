import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { REPOSITORY } from '../context.ts'
import { CannotTell } from '../verb.ts'
import { readQuantity } from './quantity.ts'

/** What a Deployment asks for now. */
export interface Present {
  replicas: number
  /** cores */
  cpuRequest: number
  cpuLimit: number
  /** bytes */
  memoryRequest: number
  memoryLimit: number
}

/** The services that k8s/base has; notifications is a component, with the same requests. */
export const SIZED_SERVICES = ['gateway', 'events', 'payments'] as const
export type SizedService = (typeof SIZED_SERVICES)[number]

/**
 * Reads k8s/SERVICE.yaml, which is k8s/base with its components as one plain file.
 *
 * @throws {CannotTell} when the file is not as expected
 */
export function readPresent(service: SizedService, directory = join(REPOSITORY, 'k8s')): Present {
  const file = join(directory, `${service}.yaml`)
  const { spec } = readDeployment(file)
  const resources = spec?.template?.spec?.containers?.find(({ name }) => name === service)?.resources
  const found = {
    replicas: spec?.replicas ?? 1,
    cpuRequest: readQuantity(resources?.requests?.cpu),
    cpuLimit: readQuantity(resources?.limits?.cpu),
    memoryRequest: readQuantity(resources?.requests?.memory),
    memoryLimit: readQuantity(resources?.limits?.memory),
  }
  if (Object.values(found).includes(undefined)) {
    throw new CannotTell(`${service} has no requests and limits of CPU and memory`, file)
  }
  return found as Present
}

/** Bytes of the volume `data` of k8s/postgres.yaml; undefined when it has no limit. */
export function readDiskLimit(directory = join(REPOSITORY, 'k8s')): number | undefined {
  const volumes = readDeployment(join(directory, 'postgres.yaml')).spec?.template?.spec?.volumes
  return readQuantity(volumes?.find(({ name }) => name === 'data')?.emptyDir?.sizeLimit)
}

function readDeployment(file: string): Deployment {
  try {
    const objects = parseAllDocuments(readFileSync(file, 'utf8')).map((one) => one.toJS() as Deployment)
    const found = objects.find(({ kind }) => kind === 'Deployment')
    if (!found) throw new Error('it has no Deployment')
    return found
  } catch (error) {
    throw new CannotTell(`The present requests cannot be read: ${(error as Error).message}`, file)
  }
}

interface Deployment {
  kind: string
  spec?: {
    replicas?: number
    template?: {
      spec?: {
        containers?: { name: string; resources?: Record<'requests' | 'limits', Amounts | undefined> }[]
        volumes?: { name: string; emptyDir?: { sizeLimit?: string } }[]
      }
    }
  }
}

type Amounts = Record<'cpu' | 'memory', string | undefined>
