import { type Answer, request } from './http.ts'

export const FAULT_ADMIN_TOKEN = 'game master'

export interface FaultState {
  faults: string
  rules: { fault: string; active: boolean; injected: number }[]
}

/** Replaces the faults of a running service; an empty text ends all. */
export function setFaults(serviceUrl: string, faults: string): Promise<Answer<FaultState>> {
  return request<FaultState>('PUT', `${serviceUrl}/faults`, {
    headers: { authorization: `Bearer ${FAULT_ADMIN_TOKEN}` },
    json: { faults },
  })
}
