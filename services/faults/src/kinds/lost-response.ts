import { breakConnection } from '@quickticket/kit/request-outcome'
import type { FaultKind } from '../effect.ts'

/** The handler runs; then the connection ends without an answer. */
export const lostResponse = {
  name: 'lost-response',
  read: () => ({
    stage: 'response',
    strike(request) {
      breakConnection(request)
      return true
    },
  }),
} as const satisfies FaultKind
