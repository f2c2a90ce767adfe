import { type Environment, integer, loadConfig } from '@quickticket/kit/config'
import { Type } from '@quickticket/kit/schema'
import { variables as database } from '@quickticket/migrations/config'
import type { Static, TObject } from 'typebox'

export const variables = {
  ...database,
  BACKUP_DIR: Type.String({ default: 'backups', description: 'where dumps are kept' }),
  BACKUP_KEEP: integer(1, 1000, 5, 'how many dumps are kept'),
  BACKUP_EVERY_S: integer(0, 86_400, 0, 'seconds between two backups, each of them verified; 0: one backup'),
  BACKUP_METRICS_URL: Type.String({
    default: '',
    description:
      'an OTLP receiver that gets the metrics, such as http://prometheus:9090/api/v1/otlp/v1/metrics',
    allowed: 'a URL that starts with http:// or https://',
    accepts: (text: string) => /^https?:\/\/.+$/.test(text),
  }),
  PG_BIN: Type.String({
    default: '',
    description: 'directory of pg_dump and pg_restore; empty: those in the PATH',
  }),
}

export type BackupConfig = Static<TObject<typeof variables>>

/** On a machine of one's own the database is there too; in a container, Compose says DB_HOST, if only as empty. */
export function loadBackupConfig(environment: Environment): BackupConfig {
  return loadConfig(variables, { DB_HOST: '127.0.0.1', ...environment })
}
