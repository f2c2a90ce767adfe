import { ChargeRefused } from '@quickticket/gateway/payments-client'
import { UpstreamError } from '@quickticket/kit/http-client'
import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { Subjects } from '../shapes.ts'

const refused = (status: number) => new ChargeRefused(status, undefined)

export const checks: Check<Subjects['is-transient']>[] = [
  {
    requires: 'no answer, or none in time, is transient',
    verify({ isTransient }) {
      expect(isTransient(new UpstreamError('payments', 'unreachable', undefined)), 'unreachable').toBe(true)
      expect(isTransient(new UpstreamError('payments', 'timeout', undefined)), 'timeout').toBe(true)
    },
  },
  {
    requires: 'every answer of 500 and above is transient',
    verify({ isTransient }) {
      for (const status of [500, 502, 503, 504, 599])
        expect(isTransient(refused(status)), `${status}`).toBe(true)
    },
  },
  {
    requires: '408 and 429 are transient: the same request may be answered later',
    verify({ isTransient }) {
      for (const status of [408, 429]) expect(isTransient(refused(status)), `${status}`).toBe(true)
    },
  },
  {
    requires: 'any other 4xx is permanent: the request itself is wrong',
    verify({ isTransient }) {
      for (const status of [400, 401, 402, 404, 409, 410, 422])
        expect(isTransient(refused(status)), `${status}`).toBe(false)
    },
  },
  {
    requires: 'a bug in our own code is permanent',
    verify({ isTransient }) {
      expect(isTransient(new TypeError('undefined is not a function')), 'a TypeError').toBe(false)
    },
  },
]
