import { postgresVariables } from '@quickticket/kit/postgres-variables'
import type { Static, TObject } from 'typebox'

/** Where the database is: the same variables as those of the events service. */
export const variables = postgresVariables

export type Config = Static<TObject<typeof variables>>
