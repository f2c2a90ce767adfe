import { SERVICES } from '@quickticket/contract/services'

const METRICS = [
  'requests_total',
  ...['bucket', 'count', 'sum'].map((part) => `request_duration_seconds_${part}`),
]
const REQUESTS = SERVICES.flatMap((service) => METRICS.map((metric) => `${service}_${metric}`))

const STRING = '"(?:\\\\.|[^"\\\\])*"'
const MATCHERS = `\\{(?:${STRING}|[^"}])*\\}`
const NAME = '[a-zA-Z_:][\\w:]*'
const TOKEN = new RegExp(`${STRING}|(${NAME})?(${MATCHERS})|(${NAME})`, 'g')
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"((?:\\.|[^"\\])*)"/g

/** The selectors in an expression that count or time requests of a service, and /health among them. */
export function selectorsWithHealth(expr: string): string[] {
  return [...expr.matchAll(TOKEN)]
    .filter(([, named, matchers = '', bare]) =>
      REQUESTS.some((name) => selects(named ?? bare, matchers, { __name__: name, path: '/health' })),
    )
    .map(([selector]) => selector)
}

function selects(name: string | undefined, matchers: string, series: Record<string, string>): boolean {
  if (name !== undefined && name !== series.__name__) return false
  const all = [...matchers.matchAll(MATCHER)]
  const namesMetric = name !== undefined || all.some(([, label]) => label === '__name__')
  return (
    namesMetric &&
    all.every(([, label = '', operator = '', value = '']) => {
      const has = series[label]
      return has === undefined || agrees(has, operator, value)
    })
  )
}

function agrees(has: string, operator: string, value: string): boolean {
  const equal = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(has) : has === value
  return operator.startsWith('!') ? !equal : equal
}
