import type { App } from '@quickticket/kit/app'
import { Problem, unavailable } from '@quickticket/kit/problem'
import { IllegalChange } from '../incident/change.ts'
import { NoSuchIncident } from '../incident/incident.ts'
import { CannotTell, UsageError } from '../verb.ts'

/**
 * Turns the errors of verbs into problem details, for the routes of one scope: what cannot be found out is 503, so that the sender
 * tries again.
 */
export function answerVerbErrors(scope: App): void {
  scope.setErrorHandler((error) => {
    throw asProblem(error)
  })
}

function asProblem(error: unknown): unknown {
  if (error instanceof CannotTell) return unavailable('cannot_tell', error.message)
  if (error instanceof NoSuchIncident) return new Problem(404, 'no_such_incident', error.message)
  if (error instanceof IllegalChange) return new Problem(409, 'illegal_change', error.message)
  if (error instanceof UsageError) return new Problem(400, 'invalid_request', error.message)
  return error
}
