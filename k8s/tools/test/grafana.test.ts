import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { k8s } from '../src/files.ts'
import { parseObjects } from '../src/objects.ts'

interface Deployment {
  template: { spec: PodSpec }
}
interface PodSpec {
  containers: {
    env: { name: string; value?: string }[]
    volumeMounts: { name: string; mountPath: string }[]
  }[]
  volumes: { name: string; configMap?: { items?: { path: string }[] } }[]
}

const SOURCES = ['dashboards/quickticket.yaml', 'datasources/prometheus.yaml']

test.each([
  ['true', ['alerting/contact-points.yaml', 'alerting/policies.yaml', 'alerting/rules.yaml', ...SOURCES]],
  ['false', SOURCES],
])('with GRAFANA_PROVISION_ALERTING=%s Grafana reads these files', (value, files) => {
  expect(provisioned(value)).toEqual(files)
})

/** What is mounted where Grafana looks, when one variable is changed as `kubectl set env` does it. */
function provisioned(value: string): string[] {
  const deployment = parseObjects(readFileSync(join(k8s, 'components/grafana/grafana.yaml'), 'utf8')).find(
    ({ kind }) => kind === 'Deployment',
  )
  const { containers, volumes } = (deployment as { spec: Deployment }).spec.template.spec
  const { env = [], volumeMounts = [] } = containers[0] ?? {}
  const names = env.map(({ name }) => name)
  // Kubernetes puts in only what stands above
  expect(names.indexOf('GRAFANA_PROVISION_ALERTING')).toBeLessThan(names.indexOf('GF_PATHS_PROVISIONING'))
  expect(env).toContainEqual({ name: 'GRAFANA_PROVISION_ALERTING', value: 'true' })
  const path = env
    .find(({ name }) => name === 'GF_PATHS_PROVISIONING')
    ?.value?.replace('$(GRAFANA_PROVISION_ALERTING)', value)
  const mounted = volumeMounts.find(({ mountPath }) => mountPath === path)
  const { configMap } = volumes.find(({ name }) => name === mounted?.name) ?? {}
  return (configMap?.items ?? []).map((item) => item.path).toSorted()
}
