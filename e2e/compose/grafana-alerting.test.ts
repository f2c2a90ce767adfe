import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IMAGES } from '@quickticket/testing/versions'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'

/** What a shell sees where Grafana would be: the image of Grafana is not needed for that. */
const OTHER_IMAGE = `services:\n  grafana:\n    image: ${IMAGES.alpine}\n`
const SOURCES = ['dashboards/quickticket.yaml', 'datasources/prometheus.yaml']
const ALERTING = ['alerting/contact-points.yaml', 'alerting/policies.yaml', 'alerting/rules.yaml']

let directory: string
let project: ComposeProject

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'quickticket-grafana-'))
  const override = join(directory, 'other-image.yaml')
  writeFileSync(override, OTHER_IMAGE)
  project = await createComposeProject({}, ['docker-compose.monitoring.yaml', override])
})
afterAll(async () => {
  await project.down()
  rmSync(directory, { recursive: true })
})

/** The files that Grafana would read at its start. */
async function provisioned(environment: Record<string, string>): Promise<string[]> {
  const script = 'cd "$GF_PATHS_PROVISIONING" && find . -type f'
  const run = ['run', '--rm', '--no-deps', '-T', '--entrypoint', 'sh', 'grafana', '-c', script]
  const listed = await project.compose(run, environment)
  return listed
    .split('\n')
    .filter(Boolean)
    .map((path) => path.replace(/^\.\//, ''))
    .toSorted()
}

async function dataVolume(environment: Record<string, string>): Promise<string | undefined> {
  const { services, volumes } = JSON.parse(await project.compose(['config', '--format', 'json'], environment))
  const { source } = services.grafana.volumes.find(
    ({ target }: { target: string }) => target === '/var/lib/grafana',
  )
  return volumes[source].name
}

describe('GRAFANA_PROVISION_ALERTING', () => {
  test('unset or true: Grafana reads contact point, policy and rules from files', async () => {
    expect(await provisioned({})).toEqual([...ALERTING, ...SOURCES])
    expect(await provisioned({ GRAFANA_PROVISION_ALERTING: 'true' })).toEqual([...ALERTING, ...SOURCES])
  })

  test('false: it reads data source and dashboards only', async () => {
    expect(await provisioned({ GRAFANA_PROVISION_ALERTING: 'false' })).toEqual(SOURCES)
  })

  test('false: it has a database of its own, without what was read from files before', async () => {
    expect(await dataVolume({})).toBe(`${project.name}_grafana-data`)
    expect(await dataVolume({ GRAFANA_PROVISION_ALERTING: 'false' })).toBe(
      `${project.name}_grafana-data-by-hand`,
    )
  })

  test('anything else: Compose starts nothing, and shows the value', async () => {
    const { code, stderr } = await project.tryCompose(['config', '-q'], { GRAFANA_PROVISION_ALERTING: 'no' })
    expect(code).not.toBe(0)
    expect(stderr).toContain('grafana-data-no')
  })
})
