import { breakConnection } from '@quickticket/kit/request-outcome'
import type { FaultKind } from '../effect.ts'

/** No answer comes until the client gives up or the service stops. */
export const hang = {
  name: 'hang',
  read: () => ({
    stage: 'request',
    strike({ request, reply, report, stopping }) {
      report()
      const end = () => breakConnection(request)
      stopping.addEventListener('abort', end)
      reply.raw.once('close', () => stopping.removeEventListener('abort', end))
      // an unread body would end the request at the server's deadline for bodies
      request.raw.resume()
    },
  }),
} as const satisfies FaultKind
