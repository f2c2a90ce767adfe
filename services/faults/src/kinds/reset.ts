import { breakConnection } from '@quickticket/kit/request-outcome'
import type { FaultKind } from '../effect.ts'

/** The connection ends with a TCP RST; the handler does not run. */
export const reset = {
  name: 'reset',
  read: () => ({
    stage: 'request',
    strike({ request, report }) {
      report()
      breakConnection(request, 'resetAndDestroy')
    },
  }),
} as const satisfies FaultKind
