import { randomBytes, randomInt } from 'node:crypto'
import { request } from '../http.ts'
import { mapConcurrently } from '../limited-concurrency.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND', 'SEARCH', 'LOCK']

/** Sends nonsense: paths, ids, methods and bodies of which hardly two are the same. */
export async function sendNonsense(url: string, count: number): Promise<void> {
  const word = () => randomBytes(randomInt(1, 12)).toString('hex')
  const paths = [
    () => `/${word()}`,
    () => `/events/${word()}`,
    () => `/events/${randomInt(1e9)}?${word()}=${word()}`,
    () => `/events/${randomInt(1e9)}/reserve`,
    () => `/reserve/${word()}/pay`,
    () => `/reserve/${word()}`,
    () => `/%${word()}/..//${word()}.php`,
    () => `/${word()}/${word()}/${word()}`,
  ]
  const pick = <Item>(items: Item[]) => items[randomInt(items.length)] as Item
  await mapConcurrently(Array.from({ length: count }), 8, async () => {
    await request(pick(METHODS), `${url}${pick(paths)()}`, { body: word() }).catch(() => undefined)
  })
}
