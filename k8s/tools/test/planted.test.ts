import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { k8s } from '../src/files.ts'
import { goldenFile } from '../src/golden.ts'
import { type KubernetesObject, parseObjects } from '../src/objects.ts'
import { render } from '../src/render.ts'
import { findTool } from '../src/tools.ts'
import { networkProblems } from './checks/network.ts'
import { operationProblems } from './checks/operation.ts'
import { securityProblems } from './checks/pod-security.ts'
import { projectProblems } from './checks/project.ts'
import { referenceProblems } from './checks/references.ts'
import { schemaProblems } from './checks/schema.ts'

type Mistake = [replaced: string | RegExp, by: string, problem: string]

/** The whole of an overlay with one thing wrong in it: the first of what matches. */
function planted(overlay: string, [replaced, by]: Mistake): KubernetesObject[] {
  const text = readFileSync(goldenFile(`overlays/${overlay}`), 'utf8')
  const wrong = text.replace(replaced, by)
  expect(wrong, 'nothing to replace').not.toBe(text)
  return parseObjects(wrong)
}

describe('schemas: a mistake is found', () => {
  const mistakes: Mistake[] = [
    ['revisionHistoryLimit:', 'revisionHistorylimit:', `'"revisionHistorylimit"' does not exist in type`],
    ['livenessProbe:', 'livelinessProbe:', `'"livelinessProbe"' does not exist in type`],
    ['runAsNonRoot: true', 'runAsNonRoot: "yes"', "Type 'string' is not assignable to type 'boolean"],
    ['containerPort: 8080', 'containerPort: "8080"', "Type 'string' is not assignable to type 'number"],
    [/value: "5432"/, 'value: 5432', "Type 'number' is not assignable to type 'string"],
    ['setWeight: 20', 'setWieght: 20', `'"setWieght"' does not exist in type`],
    ['podTemplateHashValue:', 'podTemplateHash:', `'"podTemplateHash"' does not exist in type`],
    ['successCondition:', 'successConditions:', `'"successConditions"' does not exist in type`],
    ['minAvailable: 2', 'minAvailible: 2', `'"minAvailible"' does not exist in type`],
    ['scaleTargetRef:', 'targetRef:', `'"targetRef"' does not exist in type`],
    ['podSelector: {}', 'podSelectors: {}', `'"podSelectors"' does not exist in type`],
    ['targetLabel: rs_hash', 'targetlabel: rs_hash', `'"targetlabel"' does not exist in type`],
    ['accessModes:', 'accessMode:', `'"accessMode"' does not exist in type`],
    ['concurrencyPolicy:', 'concurencyPolicy:', `'"concurencyPolicy"' does not exist in type`],
  ]
  let problems: string[]
  beforeAll(async () => {
    // without the spec that stands for a file
    const objects = mistakes.map((mistake) =>
      planted('prod', mistake).filter(({ kind }) => kind !== 'PrometheusRule'),
    )
    problems = await schemaProblems(objects.flat())
  })

  test.each(mistakes)('%s → %s', (_replaced, _by, problem) => {
    expect(problems.join('\n')).toContain(problem)
  })

  test('there is one problem for each, and none for what is right', () => {
    expect(problems).toHaveLength(mistakes.length)
  })
})

describe.each<[string, (objects: KubernetesObject[]) => string[], Mistake[]]>([
  [
    'references',
    referenceProblems,
    [
      [
        /selector:\n {4}app: gateway/,
        'selector:\n    app: gatewy',
        'Service gateway selects the pods of 0 workloads',
      ],
      [
        /matchLabels:\n {6}app: events/,
        'matchLabels:\n      app: event',
        'Deployment events selects app=event',
      ],
      ['targetPort: http', 'targetPort: htp', 'sends to port htp, which its pods do not have'],
      [
        'port: 8081\n      targetPort',
        'port: 8080\n      targetPort',
        'Service events has port 8080, its pods 8081',
      ],
      ['claimName: postgres-data', 'claimName: postgres-date', 'needs PersistentVolumeClaim postgres-date'],
      [
        /key: username\n( +)name: postgres-credentials/,
        'key: username\n$1name: postgres-credential',
        'needs Secret postgres-credential,',
      ],
      [
        /key: password\n( +)name: postgres/,
        'key: pasword\n$1name: postgres',
        'needs pasword of Secret postgres-credentials',
      ],
      [
        'name: quickticket-rules\n          name: rules',
        'name: quickticket-rule\n          name: rules',
        'ConfigMap quickticket-rule,',
      ],
      ['serviceAccountName: prometheus', 'serviceAccountName: prometeus', 'needs ServiceAccount prometeus'],
      [
        'templateName: gateway-error-rate',
        'templateName: error-rate',
        'is analysed by error-rate, which is not there',
      ],
      [
        /- name: canary-hash\n( +)valueFrom/,
        '- name: canary\n$1valueFrom',
        'takes canary-hash, it is given canary',
      ],
      [/minAvailable: 1/, 'minAvailable: 2', 'keeps 2 of 2: no node could be drained'],
      ['name: NOTIFICATIONS_URL', 'name: EVENTS_URL', 'Rollout gateway has EVENTS_URL twice'],
      [/path: \/livez\n +port: http/, 'path: /livez\n              port: web', 'probes port web'],
    ],
  ],
  [
    'project',
    projectProblems,
    [
      [
        // with or without a registry: CI writes one into the golden files
        /quickticket-gateway:/,
        'quickticket-gatway:',
        'which no Dockerfile builds',
      ],
      ['image: redis:7-alpine', 'image: redis:8-alpine', 'uses redis:8-alpine, which the project does not'],
      [
        'name: GATEWAY_TIMEOUT_MS',
        'name: GATEWAY_TIMEOUT',
        'sets GATEWAY_TIMEOUT, which gateway does not read',
      ],
      ['value: "10"\n', 'value: "ten"\n', 'DB_MAX_CONNS="ten" must be a whole number'],
      [
        'value: http://payments:8082',
        'value: http://payments:8083',
        'goes to http://payments:8083, which is no Service',
      ],
    ],
  ],
  [
    'pod security',
    securityProblems,
    [
      ['allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true', 'may gain privileges'],
      ['runAsUser: 10001', 'runAsUser: 1001', 'runs as user 1001'],
      ['runAsNonRoot: true', 'runAsNonRoot: false', 'may run as root'],
      ['type: RuntimeDefault', 'type: Unconfined', 'has no seccomp profile'],
      ['readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false', 'may write to its image'],
      [/- ALL/, '- NET_RAW', 'has capabilities'],
      ['sizeLimit: 16Mi', 'medium: ""', 'has a volume tmp without a limit'],
      ['automountServiceAccountToken: false\n      containers', 'containers', 'gets a service account token'],
      ['enableServiceLinks: false', 'enableServiceLinks: true', 'gets variables of Services'],
      [/emptyDir:\n +sizeLimit: 16Mi/, 'hostPath:\n            path: /', 'of its node'],
    ],
  ],
  [
    'operation',
    operationProblems,
    [
      ['maxUnavailable: 0', 'maxUnavailable: 1', 'may lack pods while it is replaced'],
      ['type: Recreate', 'type: RollingUpdate', 'is replaced in the wrong way'],
      ['terminationGracePeriodSeconds: 40', 'terminationGracePeriodSeconds: 30', 'is killed after 30 s'],
      [
        'value: --max-old-space-size-percentage=60',
        'value: --trace-gc',
        'has a heap that does not know its memory limit',
      ],
      [/limits:\n +cpu: "1"/, 'limits:\n              cpu: 200m', 'may use less than a core'],
      ['path: /readyz', 'path: /health', 'is watched by a path that asks others'],
      ['imagePullPolicy: IfNotPresent', 'imagePullPolicy: Always', 'cannot use an imported image'],
      [/\n +timeZone: Etc\/UTC/, '', 'has no timeZone'],
      ['concurrencyPolicy: Forbid', 'concurrencyPolicy: Allow', 'may run twice at the same time'],
    ],
  ],
])('%s: a mistake is found', (_name, problemsOf, mistakes) => {
  test.each(mistakes)('%s → %s', (replaced, by, problem) => {
    expect(problemsOf(planted('lab12', [replaced, by, problem])).join('\n')).toContain(problem)
  })
})

test('operation: an object that is too large is found', () => {
  const objects = planted('lab12', ['sizeLimit: 16Mi', `sizeLimit: ${'x'.repeat(262_144)}`, ''])
  expect(operationProblems(objects).join('\n')).toContain('bytes, too many to be applied')
})

test.each<Mistake>([
  ['name: pods\n              readOnly: true', 'name: pods', 'may write to pods of its node'],
  ['path: /var/log/pods\n', 'path: /var/log\n', 'mounts pods of its node'],
])(
  'pod security, for the one pod that reads files of its node: %s → %s is found',
  (replaced, by, problem) => {
    const objects = planted('lab11-observability', [replaced, by, problem])
    expect(securityProblems(objects)).toEqual([expect.stringContaining(problem)])
  },
)

describe('network policies: a mistake is found', () => {
  test.each<Mistake>([
    ['- port: 5432', '- port: 5433', 'postgres-backup may not go to postgres:5432'],
    [
      /podSelector: \{\}\n {2}policyTypes:\n {4}- Ingress\n/,
      'podSelector: {}\n  policyTypes:\n',
      'anybody may go to',
    ],
    ['- port: 4318', '- port: 4319', 'gateway may not go to collector:4318'],
  ])('%s → %s', (replaced, by, problem) => {
    expect(networkProblems(planted('prod', [replaced, by, problem])).join('\n')).toContain(problem)
  })
})

describe.skipIf(!findTool('kubectl'))('Kustomize: a mistake in a copy is found', () => {
  const copy = mkdtempSync(join(tmpdir(), 'quickticket-k8s-'))
  beforeAll(() => {
    for (const directory of ['base', 'components', 'overlays'])
      cpSync(join(k8s, directory), join(copy, directory), { recursive: true })
  })
  afterAll(() => rmSync(copy, { recursive: true }))

  test.each([
    [
      'overlays/lab07/kustomization.yaml',
      'components/analysis',
      'components/analisys',
      'components/analisys',
    ],
    ['overlays/lab07/kustomization.yaml', 'components:', 'component:', 'unknown field "component"'],
    ['components/rollout/kustomization.yaml', 'path: gateway.yaml', 'path: gatway.yaml', 'gatway.yaml'],
  ])('%s: %s → %s', async (file, right, wrong, message) => {
    const path = join(copy, file)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain(right)
    writeFileSync(path, text.replace(right, wrong))
    await expect(render(join(copy, 'overlays/lab07'))).rejects.toThrow(message)
    writeFileSync(path, text)
    expect(await render(join(copy, 'overlays/lab07'))).not.toEqual([])
  })
})
