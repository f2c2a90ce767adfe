import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { complaintsAbout, inShell, promtool } from '@quickticket/testing/promtool'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { k8s } from '../src/files.ts'

const config = readFileSync(join(k8s, 'components/prometheus/prometheus.yml'), 'utf8')
const rule = parse(readFileSync(join(k8s, 'components/servicemonitors/prometheus-rule.yaml'), 'utf8'))
const template = parse(readFileSync(join(k8s, 'components/analysis/gateway-error-rate.yaml'), 'utf8'))

interface Metric {
  name: string
  provider: { prometheus: { query: string } }
}
const metrics = template.spec.metrics as Metric[]
const query = (metric: Metric) => metric.provider.prometheus.query.replaceAll('{{args.canary-hash}}', 'abc')

describe.skipIf(!promtool)('promtool (skipped without it or the image of Prometheus)', () => {
  test('takes the configuration', () => {
    expect(check('config --syntax-only /dev/stdin', config)).toContain('SUCCESS')
  })

  test('does not take one with a typo', () => {
    const wrong = config.replace('relabel_configs', 'relabel_config')
    expect(check('config --syntax-only /dev/stdin', wrong)).toContain('FAILED')
  })

  test('takes the rules of the PrometheusRule', () => {
    const output = check('rules --lint=none', stringify(rule.spec, { aliasDuplicateObjects: false }))
    expect(output).toMatch(/SUCCESS: [1-9]\d* rules found/)
  })

  test("takes the analysis' queries", () => {
    expect(metrics.map(({ name }) => name)).toEqual(['error-rate', 'slow-requests'])
    const queries = Object.fromEntries(
      metrics.map((metric) => [metric.name.replace('-', '_'), query(metric)]),
    )
    expect(complaintsAbout(queries)).toBeUndefined()
  })
})

function check(args: string, input: string): string {
  const [command, ...own] = inShell(`cat | promtool check ${args}`)
  const { stdout, stderr } = spawnSync(command, own, { input, encoding: 'utf8' })
  return `${stdout}${stderr}`
}
