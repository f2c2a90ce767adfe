import { authorOf } from '../incident/options.ts'
import { readLengthOption } from '../length-option.ts'
import { UsageError, type Verb } from '../verb.ts'
import { toilText } from './text.ts'
import { addToil, reportToil } from './toil.ts'

export const verb: Verb = {
  usage: `npm run sre -- toil add TASK --minutes N [--automatable] [--by NAME]
npm run sre -- toil report [--window 30d] [--people N] [--hours-per-week 40]

Toil is work that is manual, repetitive, automatable and tactical, has no enduring value, and grows with the service.
The report says how much of the working time it takes, by task, and what to automate first. The exit code is 1 when it takes
more than half (https://sre.google/sre-book/eliminating-toil/). Runbooks that were run by hand count by themselves.

  --minutes N         how long it took this time
  --automatable       a program could do it
  --by NAME           who did it; by default the user of this shell
  --window 30d        how far back the report goes
  --people N          whose working time it is; by default as many as wrote toil down in the window
  --hours-per-week N  how long each of them works; by default 40`,
  options: {
    minutes: { type: 'string' },
    automatable: { type: 'boolean' },
    by: { type: 'string' },
    window: { type: 'string' },
    people: { type: 'string' },
    'hours-per-week': { type: 'string' },
  },

  async run({ store, now, colors, env }, { values, positionals }) {
    const [command, ...words] = positionals
    if (command === 'add') {
      const added = {
        task: words.join(' '),
        minutes: Number(values.minutes),
        author: authorOf(values, env),
        automatable: values.automatable === true,
      }
      addToil(store, added, now())
      return {
        ok: true,
        text: 'It is written down. npm run sre -- toil report says what it adds up to.',
        json: added,
      }
    }
    if (command !== 'report' || words.length > 0) throw new UsageError('toil takes add TASK, or report')
    const report = reportToil(
      store,
      {
        windowMs: readLengthOption('window', values.window, { fallback: '30d' }),
        people: readNumber('people', values.people),
        hoursPerWeek: readNumber('hours-per-week', values['hours-per-week']) ?? 40,
      },
      now(),
    )
    return { ok: !report.overLimit, text: toilText(report, colors), json: report }
  },
}

function readNumber(name: string, text: unknown): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (value > 0 && value <= 100_000) return value
  throw new UsageError(`--${name}=${JSON.stringify(text)} must be above 0`)
}
