import { readCommandLine } from '@quickticket/kit/command-line'
import { LOCK_RETRY, type LockRetry } from './lock-retry.ts'

const USAGE = `npm run migrate -- up [--seed]        apply what is missing, then add the course's events
npm run migrate -- down               take the last change back
npm run migrate -- redo               take the last change back and make it again
npm run migrate -- status             what is applied and what is not; exits with 1 if an applied change was edited
npm run migrate -- new NAME           write the file of a change that you then describe; needs no database
npm run migrate -- baseline [CHANGE]  record changes up to this one as applied without running them; default: the first

  --lock-timeout-ms N  longest wait for a lock, and so the longest stall of others; default ${LOCK_RETRY.lockTimeoutMs}
  --lock-attempts N    how often a change tries to get its lock; default ${LOCK_RETRY.attempts}
  --json               status and new print JSON; the others log JSON in any case

The database is that of the npm start that runs here; another one is named by DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASS.`

const NAMES = ['up', 'down', 'redo', 'status', 'new', 'baseline'] as const

export interface Command {
  name: (typeof NAMES)[number]
  /** for baseline and new */
  change: string | undefined
  lockRetry: LockRetry
  withSeed: boolean
  asJson: boolean
}

/** Ends the process after `--help` and when the arguments are wrong. */
export function readCommand(): Command {
  const options = {
    seed: { type: 'boolean', default: false },
    'lock-timeout-ms': { type: 'string', default: String(LOCK_RETRY.lockTimeoutMs) },
    'lock-attempts': { type: 'string', default: String(LOCK_RETRY.attempts) },
    json: { type: 'boolean', default: false },
  } as const
  return readCommandLine(
    { command: 'npm run migrate --', usage: USAGE, allowPositionals: true, options },
    ({ values, positionals }) => {
      const name = NAMES.find((known) => known === (positionals[0] ?? 'up'))
      const takesName = name === 'baseline' || name === 'new'
      // a name may be a sentence that was not quoted
      if (!name || (!takesName && positionals.length > 1) || (name === 'baseline' && positionals.length > 2))
        throw new Error(`"${positionals.join(' ')}" is none of ${NAMES.join(', ')}`)
      return {
        name,
        change: positionals.length > 1 ? positionals.slice(1).join(' ') : undefined,
        lockRetry: {
          lockTimeoutMs: wholeNumber('--lock-timeout-ms', values['lock-timeout-ms']),
          attempts: wholeNumber('--lock-attempts', values['lock-attempts']),
        },
        withSeed: values.seed,
        asJson: values.json,
      }
    },
  )
}

function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new Error(`${option}=${text} must be a whole number from 1 to 9999999`)
}
