import type { LiveFault } from './component-faults.ts'
import { PROBE_ID } from './http-status.ts'

const TIMEOUT_MS = 3000

export type FaultAnswer = { rules: LiveFault[]; sealed: boolean }

/** The rules in force. @throws Error in one sentence when the service does not tell */
export function readFaults(baseUrl: string, token: string): Promise<FaultAnswer> {
  return ask(baseUrl, token, { headers: { 'x-request-id': PROBE_ID } })
}

/** Replaces all rules; an empty text ends them. @throws Error in one sentence: what is wrong with the rules, for example */
export function replaceFaults(baseUrl: string, token: string, faults: string): Promise<FaultAnswer> {
  return ask(baseUrl, token, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults }),
  })
}

type Answer = {
  faults: string
  rules: { injected: number; active: boolean }[]
  detail?: string
}

async function ask(baseUrl: string, token: string, init: RequestInit): Promise<FaultAnswer> {
  const headers = { ...init.headers, authorization: `Bearer ${token}`, connection: 'close' }
  const response = await fetch(`${baseUrl}/faults`, {
    ...init,
    headers,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new Error('it does not answer')
  })
  // the status says enough when the body is not JSON
  const answer = (await response.json().catch(() => ({}))) as Answer
  if (!response.ok) throw new Error(answer.detail ?? `it answers ${response.status}`)
  const texts = answer.faults.split(';').map((text) => text.trim())
  return {
    sealed: answer.rules.length === 0 && answer.faults !== '',
    rules: answer.rules.map(({ injected, active }, index) => ({
      text: texts[index] ?? '',
      injected,
      active,
    })),
  }
}
