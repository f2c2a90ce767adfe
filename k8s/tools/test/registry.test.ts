import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { k8s } from '../src/files.ts'
import { setImages } from '../src/images.ts'
import { overlays, render } from '../src/render.ts'
import { findTool } from '../src/tools.ts'
import { registryProblems } from './checks/registry.ts'

const REGISTRY = 'ghcr.io/owner'
const TAG = '3f2c1d0'

describe.skipIf(!findTool('kubectl'))('with a registry', () => {
  const copy = mkdtempSync(join(tmpdir(), 'quickticket-registry-'))
  const problemsOf = async (overlay: string) =>
    registryProblems(await render(join(copy, overlay)), REGISTRY, TAG)

  beforeAll(() => {
    for (const part of ['base', 'components', 'overlays'])
      cpSync(join(k8s, part), join(copy, part), { recursive: true })
    setImages(REGISTRY, TAG, join(copy, 'components/images/kustomization.yaml'))
  })
  afterAll(() => rmSync(copy, { recursive: true }))

  // lab 4 has what was imported into the cluster
  test.each(overlays().filter((overlay) => overlay !== 'overlays/lab04'))(
    '%s takes its images from there, and may',
    async (overlay) => {
      expect(await problemsOf(overlay)).toEqual([])
    },
  )

  test.each([
    [
      'lab09',
      'components/backup/kustomization.yaml',
      '  - ../images\n',
      [
        'CronJob postgres-backup uses quickticket-backup:v1, which is not in ghcr.io/owner',
        'CronJob postgres-backup may not pull quickticket-backup:v1: it lacks ghcr-secret',
      ],
    ],
    [
      'prod',
      'components/notifications/workload/kustomization.yaml',
      '  - ../../images\n',
      ['Deployment notifications uses quickticket-notifications:v1, which is not in ghcr.io/owner'],
    ],
    [
      'lab05',
      'components/registry-credentials/pull-secret.yaml',
      'ghcr-secret',
      [`Deployment events may not pull ${REGISTRY}/quickticket-migrations:${TAG}: it lacks ghcr-secret`],
    ],
  ])('%s: what %s forgets is found', async (overlay, file, line, problems) => {
    const path = join(copy, file)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain(line)
    writeFileSync(
      path,
      text.replace(line, line.startsWith(' ') ? '' : 'other-secret').replace(/^components:\n(?! )/m, ''),
    )
    expect(await problemsOf(`overlays/${overlay}`)).toEqual(expect.arrayContaining(problems))
    writeFileSync(path, text)
  })
})
