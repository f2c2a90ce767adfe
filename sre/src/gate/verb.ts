import type { Context } from '../context.ts'
import { readLengthOption } from '../length-option.ts'
import { type Answer, type Arguments, UsageError, type Verb } from '../verb.ts'
import { decideGate, type GateAnswer, policyOf } from './decide.ts'
import { recordOverride } from './override.ts'
import { readPolicies } from './policies.ts'
import { askServer } from './remote.ts'
import { gateText } from './text.ts'

export const verb: Verb = {
  usage: `npm run sre -- gate [--service NAME] [--server URL]
npm run sre -- gate [--service NAME] --override --by NAME --reason TEXT [--for 1h]

Whether a service may be released now, by sre/policies.yaml: error budgets, open incidents, restores, invariants and alerts.
The exit code is 0 for yes, 1 for no, and 2 when it cannot be told.

  --service NAME  by default all of them
  --server URL    asks a running npm run sre -- serve, which knows the incidents; by default SRE_URL, and without it nothing is asked
  --override      releases what is halted, and records who decided so and why; only people whom sre/policies.yaml names may do so
  --by NAME       who decides
  --reason TEXT   why
  --for 1h        how long it holds`,
  options: {
    service: { type: 'string' },
    server: { type: 'string' },
    override: { type: 'boolean' },
    by: { type: 'string' },
    reason: { type: 'string' },
    for: { type: 'string' },
  },

  async run(context, { values, positionals }) {
    if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" must be given as --service`)
    const service = String(values.service ?? 'all')
    if (values.override) return override(context, service, values)
    for (const name of ['by', 'reason', 'for']) {
      if (values[name] !== undefined) throw new UsageError(`--${name} goes with --override`)
    }
    policyOf(readPolicies(), service)
    const server = serverOf(context, values)
    return answerOf(server ? await askServer(server, service) : await decideGate(context, service), context)
  },
}

function answerOf(answer: GateAnswer, { colors }: Context): Answer {
  return {
    ok: answer.allowed,
    unknown: answer.decision === 'unknown',
    text: gateText(answer, colors),
    json: answer,
  }
}

async function override(context: Context, service: string, values: Arguments['values']): Promise<Answer> {
  if (serverOf(context, values)) {
    throw new UsageError(
      '--override is recorded where the server runs: use it there, without --server and SRE_URL',
    )
  }
  const { by, reason } = values
  if (typeof by !== 'string' || typeof reason !== 'string') {
    throw new UsageError('--override needs --by NAME and --reason TEXT')
  }
  const policies = readPolicies()
  const forMs = values.for === undefined ? undefined : readLengthOption('for', values.for, { fallback: '1h' })
  const request = { by, reason, forMs }
  const refused = recordOverride(context, await decideGate(context, service, policies), request, policies)
  if (refused === undefined) return answerOf(await decideGate(context, service, policies), context)
  return { ok: false, text: `Refused: ${refused}`, json: { service, refused } }
}

function serverOf({ env }: Context, { server }: Arguments['values']): string | undefined {
  const url = typeof server === 'string' ? server : env.SRE_URL
  if (!url || /^https?:\/\/./.test(url)) return url
  throw new UsageError(`the server "${url}" must be a URL such as http://localhost:3090`)
}
