import { randomUUID } from 'node:crypto'
import { get } from 'node:http'

/** The request id of the runner's own questions: their log lines are of no use to anybody. */
export const PROBE_ID = `runner-${randomUUID()}`

/** The status that a URL answers with; undefined when there is no answer within a second. */
export function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { 'x-request-id': PROBE_ID }
    const request = get(url, { agent: false, timeout: 1000, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(undefined))
  })
}
