import { resolve } from 'node:path'
import { REPOSITORY } from '../context.ts'
import { readLengthOption } from '../length-option.ts'
import { UsageError, type Verb } from '../verb.ts'
import { computeDora } from './compute.ts'
import { doraText } from './text.ts'

export const verb: Verb = {
  usage: `npm run sre -- dora [--window 90d] [--repo DIR]

How software is delivered: deployment frequency, lead time for changes, change failure rate and time to restore, with the bands of
DORA. Deployments are changes of *_build_info in Prometheus; with SRE_SYSTEM=cluster also what Argo Rollouts aborted and Argo CD synced,
asked through kubectl. A change has failed when it was aborted or rolled back, or when an incident of one of its services began within
24 h. Commits come from Git: a version must be a tag, with or without a v before it, or end with a hash.

  --window 90d  how much history to look at
  --repo DIR    the Git repository of what is deployed; by default this one`,
  options: { window: { type: 'string' }, repo: { type: 'string' } },

  async run(context, { values, positionals }) {
    if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one argument too many`)
    const windowMs = readLengthOption('window', values.window, { fallback: '90d', minMs: 10 * 60_000 })
    const repository = typeof values.repo === 'string' ? resolve(values.repo) : REPOSITORY
    const dora = await computeDora(context, { windowMs, repository })
    return { ok: true, text: doraText(dora, context.colors), json: dora }
  },
}
