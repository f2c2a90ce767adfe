import type { Manifest } from '../../component.ts'
import { postgres } from '../../course.ts'

export const volumes: Manifest[] = [claim('postgres-data'), claim('postgres-backups')]

/** Lab 9, bonus: in a directory below the mount, which belongs to PostgreSQL alone. */
export const DATABASE_VOLUME = {
  env: { ...postgres.env, PGDATA: '/var/lib/postgresql/data/pgdata' },
  container: { volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }] },
  pod: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'postgres-data' } }] },
  // two servers must not share the volume
  spec: { strategy: { type: 'Recreate' } },
}

const SCRIPT = `set -eu
file=/backups/quickticket_$(date -u +%Y%m%dT%H%M%SZ).dump
pg_dump -Fc -f "$file"
pg_restore --list "$file" | grep -c 'TABLE DATA'`

/** Lab 9: PostgreSQL's own programs, as the student has never heard of ours. Suspended: the test starts it. */
export const backup: Manifest = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'postgres-backup' },
  spec: {
    schedule: '*/5 * * * *',
    suspend: true,
    jobTemplate: {
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              {
                name: 'backup',
                image: postgres.image,
                imagePullPolicy: 'IfNotPresent',
                command: ['sh', '-c', SCRIPT],
                env: [
                  { name: 'PGHOST', value: 'postgres' },
                  { name: 'PGUSER', value: 'quickticket' },
                  { name: 'PGDATABASE', value: 'quickticket' },
                  { name: 'PGPASSWORD', value: 'quickticket' },
                ],
                volumeMounts: [{ name: 'backups', mountPath: '/backups' }],
              },
            ],
            volumes: [{ name: 'backups', persistentVolumeClaim: { claimName: 'postgres-backups' } }],
          },
        },
      },
    },
  },
}

function claim(name: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
}
