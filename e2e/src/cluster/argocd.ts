import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import { BRANCH, gitRemote } from './git-remote.ts'
import { getJson, kubectl, tryKubectl } from './kubectl.ts'
import { NotReady } from './test-cluster.ts'
import { until } from './wait.ts'

const NAMESPACE = 'argocd'
const NAME = 'quickticket'
const REFRESH = 'argocd.argoproj.io/refresh'

export interface Status {
  path?: string | undefined
  commit?: string | undefined
  sync?: string | undefined
  health?: string | undefined
  /** of the last time that it applied something */
  phase?: string | undefined
  /** as in `Deployment gateway` */
  objects: string[]
  outOfSync: string[]
}

/** @throws {NotReady} without Argo CD, or without a Git repository for it */
export async function expectArgoCd(): Promise<void> {
  const { code } = await tryKubectl(['get', 'statefulset/argocd-application-controller', '-n', NAMESPACE])
  if (code !== 0)
    throw new NotReady(
      'the part gitops needs Argo CD in the namespace argocd: docs/labs/lab05.md begins with how to install it',
    )
  gitRemote()
}

/** k8s/argocd/application.yaml with the repository of this test, as a student writes theirs into it. */
export async function applyApplication(change: (manifest: string) => string = String): Promise<void> {
  const manifest = readFileSync(join(REPOSITORY, 'k8s/argocd/application.yaml'), 'utf8')
    .replace(/repoURL: .*/, `repoURL: ${gitRemote().url}`)
    .replace(/targetRevision: .*/, `targetRevision: ${BRANCH}`)
  await kubectl(['apply', '-f', '-'], { input: change(manifest) })
}

/** It has no finalizer: what it has brought stays. */
export async function deleteApplication(): Promise<void> {
  await kubectl(['delete', 'application', NAME, '-n', NAMESPACE, '--ignore-not-found'])
}

/** As `argocd app set quickticket --path` does. */
export async function setPath(path: string): Promise<void> {
  await patch({ spec: { source: { path } } })
}

/** As `argocd app sync quickticket`, with or without `--prune`. */
export async function sync({ prune = false } = {}): Promise<void> {
  await patch({ operation: { initiatedBy: { username: 'test' }, sync: { prune } } })
}

/** Lets Argo CD compare now, as `argocd app get quickticket --refresh`, and apply what it wants to. */
export async function refresh(): Promise<Status> {
  await kubectl(['annotate', 'application', NAME, '-n', NAMESPACE, `${REFRESH}=normal`, '--overwrite'])
  const { status = {} } = await until(
    'Argo CD has compared',
    () => getJson<Application>(['application', NAME, '-n', NAMESPACE]),
    ({ metadata, operation }) => metadata.annotations?.[REFRESH] === undefined && operation === undefined,
  )
  const resources = status.resources ?? []
  const nameOf = ({ kind, name }: Resource) => `${kind} ${name}`
  return {
    path: status.sync?.comparedTo?.source.path,
    commit: status.sync?.revision,
    sync: status.sync?.status,
    health: status.health?.status,
    phase: status.operationState?.phase,
    objects: resources.map(nameOf),
    outOfSync: resources.filter((resource) => resource.status === 'OutOfSync').map(nameOf),
  }
}

/** Waits until the cluster is as a commit says, and well. */
export async function awaitHealthy(path: string, commit?: string): Promise<Status> {
  return until(
    `${path} is Synced and Healthy`,
    refresh,
    (status) =>
      status.path === path &&
      (commit === undefined || status.commit === commit) &&
      status.sync === 'Synced' &&
      status.health === 'Healthy' &&
      status.phase === 'Succeeded',
    400_000,
  )
}

interface Application {
  metadata: { annotations?: Record<string, string> }
  /** what it is doing now */
  operation?: object
  status?: {
    sync?: { status: string; revision?: string; comparedTo?: { source: { path: string } } }
    health?: { status: string }
    operationState?: { phase: string }
    resources?: Resource[]
  }
}

interface Resource {
  kind: string
  name: string
  status?: string
}

async function patch(change: object): Promise<void> {
  await kubectl(['patch', 'application', NAME, '-n', NAMESPACE, '--type=merge', '-p', JSON.stringify(change)])
}
