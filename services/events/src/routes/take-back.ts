import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import type { HoldStore } from '../hold-store.ts'
import { reservationsUnavailable } from '../problems.ts'
import { holding } from '../redis-problem.ts'

const Reservations = Type.Object(
  {
    reservation_ids: Type.Array(
      Type.String({ minLength: 1, maxLength: 100, examples: ['8a6e0804-2bd0-4672-b79d-d97027f9071a'] }),
      { minItems: 1, maxItems: 100 },
    ),
  },
  { title: 'ReservationIds' },
)

const TakenBack = Type.Object({ status: Type.String({ examples: ['released'] }) }, { title: 'TakenBack' })

/** For a caller that chose the id of a reservation and did not hear what became of it. */
export function takeBackRoute(app: App, holds: HoldStore): void {
  app.post(
    '/reservations/take-back',
    {
      schema: {
        tags: ['reservations'],
        summary: 'Give back the seats of reservations whose answer was lost, also if they are still to come',
        operationId: 'takeBackReservations',
        description: 'Repeating it is safe. Reservations that are not known are no mistake.',
        body: Reservations,
        response: { 200: TakenBack },
        problems: [() => reservationsUnavailable()],
      },
    },
    async ({ body }) => {
      await holding(holds.takeBack(body.reservation_ids))
      return { status: 'released' }
    },
  )
}
