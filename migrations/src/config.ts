import { integer, secret } from '@quickticket/kit/config'
import { Type } from '@quickticket/kit/schema'
import type { Static, TObject } from 'typebox'

/** Where the database is: the same variables as those of the events service. */
export const variables = {
  DB_HOST: Type.String({ default: 'postgres', description: 'PostgreSQL host' }),
  DB_PORT: integer(1, 65_535, 5432, 'PostgreSQL port'),
  DB_NAME: Type.String({ default: 'quickticket', description: 'PostgreSQL database' }),
  DB_USER: Type.String({ default: 'quickticket', description: 'PostgreSQL user' }),
  DB_PASS: secret('quickticket', 'PostgreSQL password'),
}

export type Config = Static<TObject<typeof variables>>
