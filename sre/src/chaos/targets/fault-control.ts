import type { ServiceName } from '@quickticket/contract/services'
import type { Context } from '../../context.ts'
import { CannotTell } from '../../verb.ts'
import { urlOf } from './components.ts'
import { findContainer } from './docker.ts'
import { findPods, kubectl } from './workload.ts'

/** The rules of one replica, as docs/faults.md describes them. Each method throws CannotTell. */
interface FaultControl {
  name: string
  read(): Promise<string>
  replace(rules: string): Promise<void>
}

interface Reply {
  status: number
  body: { faults?: string; detail?: string }
}

type Ask = (method: 'GET' | 'PUT', rules?: string) => Promise<Reply>

const TIMEOUT_MS = 5000

/** @throws {CannotTell} when the service does not run, or takes no faults while it runs */
export async function openFaultControls(context: Context, service: ServiceName): Promise<FaultControl[]> {
  if (context.system === 'cluster') {
    const pods = await findPods(service)
    return pods.map((pod) =>
      createControl(pod, pod, (method, rules) => askInPod(pod, service, method, rules)),
    )
  }
  const url = urlOf(context, service)
  const token = await tokenOf(context, service)
  return [createControl(service, `${url}/faults`, (method, rules) => ask(url, token, method, rules))]
}

function createControl(name: string, lookedAt: string, askIt: Ask): FaultControl {
  async function use(method: 'GET' | 'PUT', rules?: string): Promise<Reply['body']> {
    const { status, body } = await askIt(method, rules)
    if (status === 200) return body
    throw new CannotTell(`${name} ${reasonOf(status, body)}`, lookedAt)
  }
  return {
    name,
    async read() {
      const { faults = '' } = await use('GET')
      if (faults !== 'sealed') return faults
      throw new CannotTell(`${name} has sealed faults, which could not be put back`, lookedAt)
    },
    replace: async (rules) => void (await use('PUT', rules)),
  }
}

function reasonOf(status: number, { detail }: Reply['body']): string {
  if (status === 404) return 'takes no faults while it runs: set FAULT_ADMIN_TOKEN'
  if (status === 401) return 'does not take this FAULT_ADMIN_TOKEN'
  return `answers ${status}: ${detail ?? 'no reason'}`
}

async function ask(url: string, token: string, method: string, rules?: string): Promise<Reply> {
  const response = await fetch(`${url}/faults`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      connection: 'close',
      ...(rules !== undefined && { 'content-type': 'application/json' }),
    },
    ...(rules !== undefined && { body: JSON.stringify({ faults: rules }) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new CannotTell('The service does not answer', `${url}/faults`)
  })
  return { status: response.status, body: (await response.json().catch(() => ({}))) as Reply['body'] }
}

/** Runs in the pod, which has the token: it leaves neither the pod nor this machine. */
const SCRIPT = `
const { PORT, FAULT_ADMIN_TOKEN, FAULT_ADMIN_TOKEN_FILE: file } = process.env
const token = file ? fs.readFileSync(file, 'utf8').trimEnd() : FAULT_ADMIN_TOKEN
const [method, faults] = process.argv.slice(1)
const headers = { authorization: 'Bearer ' + token, connection: 'close', 'content-type': 'application/json' }
const body = faults === undefined ? undefined : JSON.stringify({ faults })
fetch('http://127.0.0.1:' + PORT + '/faults', { method, headers, body, signal: AbortSignal.timeout(${TIMEOUT_MS}) })
  .then(async (response) => ({ status: response.status, body: await response.json().catch(() => ({})) }))
  .then((reply) => console.log(JSON.stringify(reply)))`

async function askInPod(pod: string, container: string, method: string, rules?: string): Promise<Reply> {
  const args = rules === undefined ? [method] : [method, rules]
  return JSON.parse(await kubectl('exec', pod, '-c', container, '--', 'node', '-e', SCRIPT, ...args)) as Reply
}

/** Of the environment, or of the running container. */
async function tokenOf(context: Context, service: ServiceName): Promise<string> {
  if (context.env.FAULT_ADMIN_TOKEN || context.system !== 'compose')
    return context.env.FAULT_ADMIN_TOKEN ?? ''
  const container = await findContainer(context, service)
  const line = container.Config.Env?.find((variable) => variable.startsWith('FAULT_ADMIN_TOKEN='))
  return line?.slice('FAULT_ADMIN_TOKEN='.length) ?? ''
}
