import { invalidId } from '@quickticket/kit/errors'
import { Type } from '@quickticket/kit/schema'
import { Event, EventPath, PageQuery } from './event.ts'
import {
  alreadyPaid,
  bodyRequired,
  eventNotFound,
  invalidEventId,
  invalidPage,
  invalidPrice,
  invalidQuantity,
  reservationNotFound,
  soldOut,
} from './problems.ts'
import { Reservation, ReservationPath, ReservationStatus, ReserveRequest } from './reservation.ts'

/** The operations that events serves and the gateway passes on: both publish them. Each adds the problems of its own. */
export const listEvents = {
  tags: ['events'],
  operationId: 'listEvents',
  summary: 'Events by date: all of them, or a page',
  description:
    'All events without a query. For the next page, `after` is the id of the last event of this one.',
  querystring: PageQuery,
  response: { 200: Type.Array(Event, { description: 'events in the order of their dates' }) },
  problems: [invalidPage, eventNotFound],
}

export const getEvent = {
  tags: ['events'],
  operationId: 'getEvent',
  summary: 'One event',
  description: 'An event and how many of its tickets are not sold.',
  params: EventPath,
  response: { 200: Event },
  problems: [invalidEventId, eventNotFound],
}

export const reserve = {
  tags: ['events'],
  operationId: 'reserve',
  summary: 'Hold 1 to 10 seats for some minutes',
  description: 'Repeating it makes another reservation. Who does not pay in time loses the seats.',
  params: EventPath,
  body: ReserveRequest,
  response: { 200: Reservation },
  problems: [
    bodyRequired,
    invalidQuantity,
    eventNotFound,
    () => soldOut(),
    () => invalidPrice(),
    invalidEventId,
  ],
}

export const getReservation = {
  tags: ['reservations'],
  operationId: 'getReservation',
  summary: 'What became of a reservation',
  description: 'A reservation is forgotten some time after it ended, unless it was paid.',
  params: ReservationPath,
  response: { 200: ReservationStatus },
  problems: [invalidId, reservationNotFound],
}

export const releaseReservation = {
  tags: ['reservations'],
  operationId: 'releaseReservation',
  summary: 'Give the seats back; a charge that is under way is given back too',
  description: 'Repeating it is safe, and answers what became of the reservation.',
  params: ReservationPath,
  response: { 200: ReservationStatus },
  problems: [invalidId, reservationNotFound, alreadyPaid],
}
