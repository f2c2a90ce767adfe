import { STATUS_CODES } from '@quickticket/kit/node-http'
import { Problem } from '@quickticket/kit/problem'
import type { FaultKind } from '../effect.ts'
import { failAt, quoted, type TextSpan } from '../text-span.ts'

/** The answer is an error of this status; the handler does not run. */
export const status = {
  name: 'status',
  example: 'status=503',
  read(argument) {
    const code = readStatus(argument)
    return {
      stage: 'request',
      strike({ report, proceed, sealed }) {
        report({ injected_status: code })
        proceed(injectedProblem(code, sealed))
      },
    }
  },
} as const satisfies FaultKind

function readStatus(span: TextSpan): number {
  const code = Number(span.text)
  if (!/^\d{3}$/.test(span.text) || code < 400 || code > 599)
    failAt(span, `${quoted(span)} is no status of an error: 400 to 599`)
  return code
}

function injectedProblem(code: number, sealed: boolean): Problem {
  const title = STATUS_CODES[code] ?? 'Error'
  const error = sealed ? title.toLowerCase().replace(/\W+/g, '_') : 'injected_fault'
  return new Problem(code, error, title)
}
