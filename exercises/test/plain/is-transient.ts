import { ChargeRefused } from '@quickticket/gateway/payments-client'
import { UpstreamError } from '@quickticket/kit/http-client'
import type { Subjects } from '../../lab11/shapes.ts'

/** Typical mistakes, and the requirement that finds each. */
export const mistakes = {
  'retries every 4xx': 'any other 4xx is permanent: the request itself is wrong',
  'retries only 503': 'every answer of 500 and above is transient',
  'forgets 408 and 429': '408 and 429 are transient: the same request may be answered later',
  'forgets time-outs': 'no answer, or none in time, is transient',
  'retries bugs': 'a bug in our own code is permanent',
}

export function solve(mistake?: keyof typeof mistakes): Subjects['is-transient'] {
  const [from, to] = mistake === 'retries only 503' ? [503, 503] : [500, 599]
  return {
    isTransient(error) {
      if (error instanceof UpstreamError)
        return !(mistake === 'forgets time-outs' && error.failure === 'timeout')
      if (!(error instanceof ChargeRefused)) return mistake === 'retries bugs'
      const { status } = error
      if (status === 408 || status === 429) return mistake !== 'forgets 408 and 429'
      if (status < 500) return mistake === 'retries every 4xx'
      return status >= from && status <= to
    },
  }
}
