import { ChargeRefused } from '@quickticket/gateway/payments-client'
import { UpstreamError } from '@quickticket/kit/http-client'
import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { Subjects } from '../shapes.ts'

const refused = (status: number) => new ChargeRefused(status, undefined)

export const checks: Check<Subjects['may-pass']>[] = [
  {
    requires: 'no answer, or none in time, may pass',
    verify({ mayPass }) {
      expect(mayPass(new UpstreamError('payments', 'unreachable', undefined)), 'unreachable').toBe(true)
      expect(mayPass(new UpstreamError('payments', 'timeout', undefined)), 'timeout').toBe(true)
    },
  },
  {
    requires: 'every answer of 500 and above may pass',
    verify({ mayPass }) {
      for (const status of [500, 502, 503, 504, 599]) expect(mayPass(refused(status)), `${status}`).toBe(true)
    },
  },
  {
    requires: '408 and 429 may pass: the same request is welcome later',
    verify({ mayPass }) {
      for (const status of [408, 429]) expect(mayPass(refused(status)), `${status}`).toBe(true)
    },
  },
  {
    requires: 'any other 4xx lasts: the request itself is wrong',
    verify({ mayPass }) {
      for (const status of [400, 401, 402, 404, 409, 410, 422])
        expect(mayPass(refused(status)), `${status}`).toBe(false)
    },
  },
  {
    requires: 'a mistake in our own code lasts',
    verify({ mayPass }) {
      expect(mayPass(new TypeError('undefined is not a function')), 'a TypeError').toBe(false)
    },
  },
]
