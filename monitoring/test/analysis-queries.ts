import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { fromRoot } from '../src/dashboards/files.ts'

/** What an analysis asks Prometheus of a canary whose pods have this hash, by the name of the metric. */
export function analysisQueries(canaryHash: string): Record<string, string> {
  const template = parse(readFileSync(fromRoot('k8s/components/analysis/gateway-error-rate.yaml'), 'utf8'))
  return Object.fromEntries(
    (template as AnalysisTemplate).spec.metrics.map(({ name, provider }) => [
      name,
      provider.prometheus.query.replaceAll('{{args.canary-hash}}', canaryHash),
    ]),
  )
}

interface AnalysisTemplate {
  spec: { metrics: { name: string; provider: { prometheus: { query: string } } }[] }
}
