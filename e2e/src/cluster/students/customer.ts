import { getJson, kubectl } from '../kubectl.ts'
import { NAMESPACE } from './shape.ts'

/** Status 0: there was no answer, and `body` says why. */
export interface Answer {
  status: number
  body: unknown
}

const GATEWAY = 'http://gateway:8080'
const REQUEST = `
  const [url, body] = process.argv.slice(1)
  const init = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body }
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) }).then(
    async (response) => ({ status: response.status, body: JSON.parse(await response.text()) }),
    (error) => ({ status: 0, body: String(error.cause ?? error) }))
  console.log(JSON.stringify(answer))`

/** Asks from inside of the cluster, through Services. @param body of a POST; without it, GET */
async function request(url: string, body?: object): Promise<Answer> {
  const node = ['node', '--input-type=module', '-e', REQUEST, url, ...(body ? [JSON.stringify(body)] : [])]
  return JSON.parse(await kubectl(['exec', 'customer', '-n', NAMESPACE, '--', ...node])) as Answer
}

export function get(path: string): Promise<Answer> {
  return request(`${GATEWAY}${path}`)
}

export function reserve(): Promise<Answer> {
  return request(`${GATEWAY}/events/1/reserve`, { quantity: 1 })
}

/** Reserves a seat and pays for it. Returns the answer to the first step that failed, or the order. */
export async function buy(): Promise<Answer> {
  const reserved = await reserve()
  if (reserved.status !== 200) return reserved
  const { reservation_id } = reserved.body as { reservation_id: string }
  return request(`${GATEWAY}/reserve/${reservation_id}/pay`, {})
}

/** What each pod says itself: a Service has no address for one that is not ready. */
export async function healthOf(app: string, port: number): Promise<Answer[]> {
  const { items } = await getJson<{ items: PodObject[] }>(['pods', '-n', NAMESPACE, '-l', `app=${app}`])
  const running = items.filter(({ metadata, status }) => !metadata.deletionTimestamp && status.podIP)
  return Promise.all(running.map(({ status }) => request(`http://${status.podIP}:${port}/health`)))
}

interface PodObject {
  metadata: { deletionTimestamp?: string }
  status: { podIP?: string }
}
