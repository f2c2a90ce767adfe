import { writeFileSync } from 'node:fs'
import { CannotTell, UsageError, type Verb } from '../verb.ts'
import { gatherPage } from './gather.ts'
import { renderPage } from './page.ts'

export const verb: Verb = {
  usage: `npm run sre -- dashboard --out slo.html

Writes the page of npm run sre -- serve as one file that works offline: objectives, incidents, alerts, faults, deploys, readiness.

  --out FILE    where to write it`,
  options: { out: { type: 'string' } },
  async run(context, { values, positionals }) {
    const { out } = values
    if (typeof out !== 'string' || out === '')
      throw new UsageError('--out must name a file, such as slo.html')
    if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one argument too many`)
    const page = renderPage(await gatherPage(context), context.prometheus)
    try {
      writeFileSync(out, page)
    } catch (error) {
      throw new CannotTell(`The file cannot be written: ${(error as Error).message}`, out)
    }
    return { ok: true, text: `${out}: ${Buffer.byteLength(page)} bytes`, json: { file: out } }
  },
}
