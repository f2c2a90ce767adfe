import type { Prometheus } from '../../prometheus.ts'
import type { Check } from '../check.ts'
import { readDeclaredRules } from '../system/declared-rules.ts'
import type { LoadedRule } from '../system/loaded-rules.ts'

const SHOWN = 3

export const rulesLoaded: Check = {
  id: 'rules-loaded',
  question: 'Are the rules that Prometheus has loaded those of the repository?',
  risk: 'An alert that is in Git and not in Prometheus does not fire.',
  weight: 3,
  fix: 'Reload Prometheus (`docker compose kill -s SIGHUP prometheus`), or apply the overlay again',
  async run({ context: { prometheus, now }, rules }) {
    const loaded = await describe(prometheus, await rules())
    const declared = await describe(prometheus, readDeclaredRules())
    const missing = [...declared.keys()].filter((text) => !loaded.has(text)).map((text) => declared.get(text))
    const foreign = [...loaded.keys()].filter((text) => !declared.has(text)).map((text) => loaded.get(text))
    const wrong = [
      ...(missing.length > 0 ? [`${missing.length} not loaded as declared: ${listed(missing)}`] : []),
      ...(foreign.length > 0 ? [`${foreign.length} loaded and not declared: ${listed(foreign)}`] : []),
    ]
    return {
      status: wrong.length === 0 ? 'pass' : 'fail',
      evidence: wrong.join('; ') || `${declared.size} rules are loaded as declared`,
      at: now(),
    }
  },
}

function listed(names: (string | undefined)[]): string {
  const unique = [...new Set(names)]
  return unique.slice(0, SHOWN).join(', ') + (unique.length > SHOWN ? ', …' : '')
}

/** All that a rule says as one text, and its name. */
async function describe(prometheus: Prometheus, rules: LoadedRule[]): Promise<Map<string, string>> {
  const formatted = await formatAll(
    prometheus,
    rules.map(({ expr }) => expr),
  )
  return new Map(
    rules.map(({ expr, labels, annotations, ...rule }, index) => {
      const text = JSON.stringify({
        ...rule,
        expr: formatted[index],
        labels: Object.entries(labels).sort(),
        annotations: Object.entries(annotations).sort(),
      })
      return [text, `${rule.group}/${rule.name}`]
    }),
  )
}

/** Prometheus shows an expression in another layout than its file has: it brings both into the same. */
function formatAll(prometheus: Prometheus, exprs: string[]): Promise<unknown[]> {
  return Promise.all(
    exprs.map((query) => prometheus.get(`/api/v1/format_query?${new URLSearchParams({ query })}`)),
  )
}
