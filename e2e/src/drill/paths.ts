import { createBaseBackup } from '@quickticket/backups/pitr/base-backup'
import type { Compose } from '@quickticket/backups/pitr/compose'
import { restoreAt } from '@quickticket/backups/pitr/restore-at'
import type { Log } from '@quickticket/kit/log'
import type { ComposeProject } from '../compose-project.ts'

/** A way back to the data. */
export interface RecoveryPath {
  title: string
  /** Compose files on top of the first one */
  files: string[]
  /** while all is well */
  prepare(project: ComposeProject): Promise<void>
  /** after the container of PostgreSQL and its volume are gone */
  recover(project: ComposeProject): Promise<void>
}

export const PATHS: Record<'dump' | 'pitr', RecoveryPath> = {
  dump: {
    title: 'from the last dump',
    files: [],
    async prepare({ compose }) {
      await compose(['run', '--rm', '-T', '--no-deps', 'backup'])
    },
    async recover({ compose }) {
      await compose(['up', '--detach', '--wait', 'postgres'])
      await compose(['run', '--rm', '-T', '--no-deps', 'backup', 'restore', 'latest'])
    },
  },
  pitr: {
    title: 'from the archive of changes',
    files: ['docker-compose.pitr.yaml'],
    async prepare(project) {
      await createBaseBackup(asCompose(project), 1)
    },
    async recover(project) {
      await restoreAt(asCompose(project), silent, undefined)
    },
  },
}

function asCompose({ compose }: ComposeProject): Compose {
  return (args, input = '') => compose(args, {}, input)
}

const silent = { info: () => undefined } as unknown as Log
