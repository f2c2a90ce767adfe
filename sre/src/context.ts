import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createPrometheus, type Prometheus } from './prometheus.ts'
import { openStore, type Store } from './store/store.ts'
import { UsageError } from './verb.ts'

export type Environment = Record<string, string | undefined>

/** The root of the repository, which has the declarations of objectives, the runbooks and the experiments. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

export const SYSTEMS = ['compose', 'cluster', 'local'] as const
/** Where the services run: containers of Compose, pods of a cluster, or processes of `npm start`. */
export type System = (typeof SYSTEMS)[number]

/** What every verb works with. */
export interface Context {
  env: Environment
  system: System
  prometheus: Prometheus
  alertmanagerUrl: string
  gatewayUrl: string
  dataDir: string
  /** whether the output goes to a terminal */
  colors: boolean
  /** opened at the first use */
  readonly store: Store
  /** milliseconds since 1970 */
  now(): number
  /** A line about work that takes long; on standard error. */
  progress(line: string): void
  close(): void
}

export interface ContextOptions {
  colors?: boolean
  now?: () => number
  progress?: (line: string) => void
}

/** @throws {UsageError} when a variable is wrong */
export function createContext(
  env: Environment,
  { colors = false, now = Date.now, progress = (line) => console.error(line) }: ContextOptions = {},
): Context {
  const dataDir = resolve(env.SRE_DATA_DIR || join(REPOSITORY, '.quickticket/sre'))
  let store: Store | undefined
  return {
    env,
    system: readSystem(env.SRE_SYSTEM),
    prometheus: createPrometheus(env.PROMETHEUS_URL || 'http://localhost:9090', env.PROMETHEUS_LINK_URL),
    alertmanagerUrl: env.ALERTMANAGER_URL || 'http://localhost:9093',
    gatewayUrl: env.GATEWAY_URL || 'http://localhost:3080',
    dataDir,
    colors,
    get store() {
      store ??= openStore(join(dataDir, 'sre.db'))
      return store
    },
    now,
    progress,
    close: () => store?.close(),
  }
}

function readSystem(text: string | undefined): System {
  if (!text) return 'compose'
  if ((SYSTEMS as readonly string[]).includes(text)) return text as System
  throw new UsageError(`SRE_SYSTEM=${JSON.stringify(text)} must be one of ${SYSTEMS.join(', ')}`)
}
