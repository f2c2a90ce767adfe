import { beforeAll, describe, expect, test } from 'vitest'
import { fromGolden, hasGolden } from '../src/golden.ts'
import { type KubernetesObject, nameOf } from '../src/objects.ts'
import { overlays } from '../src/render.ts'
import { networkProblems } from './checks/network.ts'
import { operationProblems } from './checks/operation.ts'
import { securityProblems } from './checks/pod-security.ts'
import { projectProblems } from './checks/project.ts'
import { referenceProblems } from './checks/references.ts'
import { schemaProblems } from './checks/schema.ts'

// the committed renderings, so that they are checked on machines too that cannot render
const checked = overlays().filter(hasGolden)

describe('schemas', () => {
  let problems: string[]
  beforeAll(async () => {
    problems = await schemaProblems(checked.flatMap(fromGolden))
  })

  test('every object has all the fields that its kind wants, and no others', () => {
    expect(problems).toEqual([])
  })
})

describe.each(checked)('%s', (overlay) => {
  const objects = fromGolden(overlay)

  test('all that is named is there', () => {
    expect(referenceProblems(objects)).toEqual([])
  })

  test('images, variables and addresses are those of the project', () => {
    expect(projectProblems(objects)).toEqual([])
  })

  test('Pod Security "restricted" takes every pod', () => {
    expect(securityProblems(objects)).toEqual([])
  })

  test('everything can be replaced, scheduled, watched and ended', () => {
    expect(operationProblems(objects)).toEqual([])
  })
})

test.each(['overlays/staging', 'overlays/prod'])('%s: who may connect to whom', (overlay) => {
  expect(networkProblems(fromGolden(overlay))).toEqual([])
})

test.each(checked)(
  '%s: services have their token from a Secret in staging and prod, elsewhere none',
  (overlay) => {
    const isService = ({ kind, metadata }: KubernetesObject) =>
      /^(Deployment|Rollout)$/.test(kind) && metadata.labels?.['app.kubernetes.io/component'] === 'service'
    const services = fromGolden(overlay).filter(isService)
    const having = services.filter((object) =>
      /"SERVICE_TOKEN".*"service-token"/.test(JSON.stringify(object)),
    )
    const isClosed = overlay === 'overlays/staging' || overlay === 'overlays/prod'
    expect(having.map(nameOf)).toEqual(isClosed ? services.map(nameOf) : [])
    expect(services.length).toBeGreaterThan(2)
  },
)
