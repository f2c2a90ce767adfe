import { parseArgs } from 'node:util'
import { COMPONENTS, type ComponentName, DEFAULT_PORTS, portVariable } from './components.ts'
import { chooseDataDir } from './data-dir.ts'

export type Environment = Record<string, string | undefined>

export type PortChoice = {
  /** 0: any free one */
  port: number
  /** by the user: then no other will do */
  chosen: boolean
}

export type Options = {
  fresh: boolean
  json: boolean
  help: boolean
  /** with the program of sre/ */
  sre: boolean
  dataDir: string
  ports: Record<ComponentName, PortChoice>
}

/** @throws when an argument or a port is not understood; the message is one line */
export function readOptions(args: string[], env: Environment): Options {
  const { values } = parseArgs({
    args,
    options: {
      fresh: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      sre: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const ports = COMPONENTS.map((name) => [name, readPort(name, env)])
  return { ...values, dataDir: chooseDataDir(env.QUICKTICKET_DATA_DIR), ports: Object.fromEntries(ports) }
}

function readPort(name: ComponentName, env: Environment): PortChoice {
  const variable = portVariable(name)
  const value = env[variable]
  if (!value) return { port: DEFAULT_PORTS[name], chosen: false }
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return { port: Number(value), chosen: true }
  throw new Error(`${variable}=${JSON.stringify(value)} must be a port from 0 to 65535 (0: any free one)`)
}
