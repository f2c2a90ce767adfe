import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IApplication } from '@kubernetes-models/argo-cd/argoproj.io/v1alpha1/Application'
import { describe, expect, test } from 'vitest'
import { k8s } from '../src/files.ts'
import { fromGolden, goldenFile, hasGolden } from '../src/golden.ts'
import { parseObjects } from '../src/objects.ts'
import { overlays } from '../src/render.ts'
import { gitopsProblems } from './checks/gitops.ts'
import { schemaProblems } from './checks/schema.ts'

const applications = Object.fromEntries(
  readdirSync(join(k8s, 'argocd')).map((file) => {
    const [application] = parseObjects(readFileSync(join(k8s, 'argocd', file), 'utf8'))
    return [file, application as unknown as IApplication]
  }),
)

describe('Applications', () => {
  test('are for the labs, for staging and for prod, and are what their kind allows', async () => {
    expect(Object.keys(applications).sort()).toEqual(['application.yaml', 'prod.yaml', 'staging.yaml'])
    expect(await schemaProblems(Object.values(applications) as never)).toEqual([])
  })

  test('name overlays, and the namespaces that these have', () => {
    const places = Object.values(applications).map(({ spec }) => [
      spec.source?.path ?? '',
      spec.destination.namespace,
    ])
    expect(places).toEqual([
      ['k8s/overlays/lab05', 'default'],
      ['k8s/overlays/prod', 'quickticket'],
      ['k8s/overlays/staging', 'quickticket-staging'],
    ])
    for (const [path = ''] of places)
      expect(existsSync(join(k8s, '..', path, 'kustomization.yaml')), path).toBe(true)
  })

  test('in the labs what is done by hand stays; in staging and prod it does not', () => {
    const automated = (file: string) => applications[file]?.spec.syncPolicy?.automated
    expect(automated('application.yaml')).toEqual({ prune: false, selfHeal: false })
    for (const file of ['staging.yaml', 'prod.yaml'])
      expect(automated(file), file).toEqual({ prune: true, selfHeal: true })
  })

  test("in the labs `kubectl apply -k` leaves Argo CD's annotation alone", () => {
    expect(applications['application.yaml']?.spec.syncPolicy?.syncOptions).toEqual(['ServerSideApply=true'])
  })
})

describe('data is kept, and health is true', () => {
  test.each(overlays().filter(hasGolden))('%s', (overlay) => {
    expect(gitopsProblems(fromGolden(overlay))).toEqual([])
  })

  test.each([
    [
      'kind: PersistentVolumeClaim\nmetadata:\n  annotations:\n    argocd.argoproj.io/compare-options: IgnoreExtraneous\n    argocd.argoproj.io/sync-options: Prune=false,',
      'PersistentVolumeClaim postgres-data lacks Prune=false',
    ],
    [
      'kind: Namespace\nmetadata:\n  annotations:\n    argocd.argoproj.io/compare-options: IgnoreExtraneous\n    argocd.argoproj.io/sync-options: Prune=false,',
      'Namespace monitoring lacks Prune=false',
    ],
    ['argocd.argoproj.io/ignore-healthcheck: "true"', 'CronJob load-level is suspended'],
  ])('a mistake is found: %s', (guard, problem) => {
    const text = readFileSync(goldenFile('overlays/lab12'), 'utf8')
    expect(text).toContain(guard)
    const wrong = text.replaceAll(guard, (found) =>
      found.replace('Prune=false,', '').replace('ignore', 'other'),
    )
    expect(gitopsProblems(parseObjects(wrong)).join('\n')).toContain(problem)
  })
})
