import type { ConnectionOptions } from 'node:tls'
import type { Static, TObject } from 'typebox'
import { ConfigError, integer, secret } from './config.ts'
import { Type } from './schema.ts'
import { certificateFile, readCertificates } from './tls.ts'

/** Address, credentials and TLS of PostgreSQL. */
export const postgresVariables = {
  DB_HOST: Type.String({ default: 'postgres', description: 'PostgreSQL host' }),
  DB_PORT: integer(1, 65_535, 5432, 'PostgreSQL port'),
  DB_NAME: Type.String({ default: 'quickticket', description: 'PostgreSQL database' }),
  DB_USER: Type.String({ default: 'quickticket', description: 'PostgreSQL user' }),
  DB_PASS: secret('quickticket', 'PostgreSQL password'),
  DB_SSLMODE: Type.Enum(['disable', 'require', 'verify-ca', 'verify-full'], {
    default: 'disable',
    description: 'TLS to PostgreSQL, as `sslmode` of libpq; `verify-full` also checks the name of the host',
  }),
  DB_SSLROOTCERT: certificateFile(
    'certificate authorities for PostgreSQL; empty: those that Node.js trusts, which `verify-ca` does not allow',
  ),
}

export type PostgresConfig = Static<TObject<typeof postgresVariables>>

/**
 * TLS as libpq does it: `require` takes any certificate, unless there is a file of certificate authorities.
 *
 * @see https://www.postgresql.org/docs/17/libpq-ssl.html#LIBPQ-SSL-PROTECTION
 * @throws {ConfigError} for `verify-ca` without a file: public authorities certify the owner of any host
 */
export function postgresTls({
  DB_SSLMODE: mode,
  DB_SSLROOTCERT: file,
}: PostgresConfig): ConnectionOptions | false {
  if (mode === 'disable') return false
  if (mode === 'verify-ca' && !file) {
    throw new ConfigError(
      'bad configuration: DB_SSLMODE="verify-ca" must be verify-full, or DB_SSLROOTCERT must be set',
    )
  }
  if (mode === 'require' && !file) return { rejectUnauthorized: false }
  const ca = file ? { ca: readCertificates(file) } : {}
  return mode === 'verify-full' ? ca : { ...ca, checkServerIdentity: () => undefined }
}
