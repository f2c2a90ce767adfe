import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'

export interface Sent {
  path: string
  method?: 'GET' | 'POST'
  /** sent as JSON */
  body?: unknown
}

export interface ClosedLoop {
  connections: number
  seconds: number
  /** what a connection sends next, by how many it has sent */
  next(count: number): Sent
  /** called with each answer; what it returns is sent at once, before the next one */
  follow?(sent: Sent, answer: string): Sent | undefined
}

const AFTER_ERROR_MS = 50

/** As many requests at a time as there are connections, each as soon as the one before is answered. @returns answers by status */
export async function sendClosedLoop(url: string, { connections, seconds, next, follow }: ClosedLoop) {
  const pool = new Pool(url, { connections, pipelining: 1, headersTimeout: 60_000 })
  const answers: Record<string, number> = {}
  const until = performance.now() + seconds * 1000
  const count = (what: string | number) => {
    answers[what] = (answers[what] ?? 0) + 1
  }

  async function send(sent: Sent): Promise<void> {
    const { path, method = 'POST', body } = sent
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const json = body === undefined ? null : JSON.stringify(body)
    try {
      const answer = await pool.request({ path, method, headers, body: json })
      const text = await answer.body.text()
      count(answer.statusCode)
      const more = follow?.(sent, text)
      if (more) await send(more)
    } catch (error) {
      count((error as { code?: string }).code ?? 'error')
      await delay(AFTER_ERROR_MS)
    }
  }

  async function client(): Promise<void> {
    for (let sent = 0; performance.now() < until; sent++) await send(next(sent))
  }

  await Promise.all(Array.from({ length: connections }, client))
  await pool.destroy()
  return answers
}
