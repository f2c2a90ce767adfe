import { readCommandLine } from '@quickticket/kit/command-line'
import { PATHS } from './paths.ts'

const USAGE = `npm run drill -- db-loss [--from dump|pitr] [--rps N] [--wait SECONDS] [--archive-timeout SECONDS] [--json]

Starts QuickTicket in containers of its own, takes PostgreSQL away with its data while people buy, and brings it back from a
dump or from the archive of changes. Prints how long purchases failed (RTO), which acknowledged orders are gone (RPO) and
how many purchases failed in each second; the same as a picture is in e2e/results. Needs Docker.

  --from             dump: the last dump; pitr: the last copy of the files, and all changes that were archived; default dump
  --rps              purchases in a second; default 10
  --wait             seconds from the backup to the loss; default 15
  --archive-timeout  seconds after which changes are archived at the latest; default 5
  --json             prints the result as JSON; how far it is goes to standard error`

export interface Command {
  from: keyof typeof PATHS
  perSecond: number
  secondsAfterBackup: number
  archiveTimeoutS: number
  asJson: boolean
}

/** Ends the process after `--help` and when the arguments are wrong. */
export function readCommand(): Command {
  const options = {
    from: { type: 'string', default: 'dump' },
    rps: { type: 'string', default: '10' },
    wait: { type: 'string', default: '15' },
    'archive-timeout': { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  } as const
  return readCommandLine(
    { command: 'npm run drill --', usage: USAGE, allowPositionals: true, options },
    ({ values, positionals }) => {
      if (positionals.length === 0) throw new Error('which drill? It is db-loss')
      if (positionals.join(' ') !== 'db-loss')
        throw new Error(`there is no drill "${positionals.join(' ')}": it is db-loss`)
      const { from } = values
      if (!isPath(from)) throw new Error(`--from ${from} must be one of ${Object.keys(PATHS).join(', ')}`)
      return {
        from,
        perSecond: wholeNumber('--rps', values.rps, 200),
        secondsAfterBackup: wholeNumber('--wait', values.wait, 3600),
        archiveTimeoutS: wholeNumber('--archive-timeout', values['archive-timeout'], 3600),
        asJson: values.json,
      }
    },
  )
}

function isPath(name: string): name is keyof typeof PATHS {
  return Object.hasOwn(PATHS, name)
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value
  throw new Error(`${option} ${text} must be a whole number from 1 to ${most}`)
}
