import { reservationsUnavailable } from '@quickticket/contract/problems'
import { ReservationIds, TakenBack } from '@quickticket/contract/reservation'
import type { App } from '@quickticket/kit/app'
import { translateHoldErrors } from '../hold-errors.ts'
import type { HoldStore } from '../hold-store.ts'

/** For a caller that chose the id of a reservation and received no answer. */
export function takeBackRoute(app: App, holds: HoldStore): void {
  app.post(
    '/reservations/take-back',
    {
      schema: {
        tags: ['reservations'],
        summary: 'Give back the seats of reservations whose answer was lost, also if they are still to come',
        operationId: 'takeBackReservations',
        description: 'Repeating it is safe. Reservations that are not known are no mistake.',
        body: ReservationIds,
        response: { 200: TakenBack },
        problems: [() => reservationsUnavailable()],
      },
    },
    async ({ body }) => {
      await translateHoldErrors(holds.takeBack(body.reservation_ids))
      return { status: 'released' }
    },
  )
}
