import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { REPOSITORY } from '../src/context.ts'
import type { GateAnswer } from '../src/gate/decide.ts'

const read = (file: string) => readFileSync(join(REPOSITORY, file), 'utf8')

const workflow = parse(read('.github/workflows/ci.yml'))
const step = workflow.jobs.manifests.steps.find(({ name }: { name?: string }) => name === 'Release gate')
const stage = /stage\('Gate'\)[\s\S]*?sh '''\n([\s\S]*?)'''/.exec(read('Jenkinsfile'))?.[1] ?? ''

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

describe.each([
  ['of GitHub Actions', step.run as string],
  ['of Jenkins', stage],
])('the step %s', (_, script) => {
  test('is skipped by one line where no server is named', async () => {
    const { code, output } = await run(script, {})
    expect(output).toMatch(
      /^(::notice::)?the release gate is skipped: neither SRE_URL nor PROMETHEUS_URL is set\n$/,
    )
    expect(code).toBe(0)
  })

  test.each([
    ['allowed', 0],
    ['overridden', 0],
    ['halted', 1],
    ['unknown', 2],
  ] as const)('with the answer "%s" of the server ends with %d', async (decision, expected) => {
    const asked: string[] = []
    const SRE_URL = await serve(200, answerWith(decision), asked)
    const { code, output } = await run(script, { SRE_URL })
    expect(code, output).toBe(expected)
    expect(output).toContain(`all  ${decision}: `)
    expect(asked).toEqual(['/gate?service=all'])
  })

  test('ends with 2 when the server answers with something else', async () => {
    const { code, output } = await run(script, { SRE_URL: await serve(502, {}, []) })
    expect(output).toContain('The server answers 502, and not whether all may be released')
    expect(code).toBe(2)
  })
})

test('the tag is written after the gate', () => {
  const { steps } = workflow.jobs.manifests as { steps: { run?: string }[] }
  const writes = steps.findIndex(({ run = '' }) => run.includes('npm run k8s -- images'))
  expect(steps.indexOf(step)).toBeGreaterThan(0)
  expect(steps.indexOf(step)).toBeLessThan(writes)
  expect(read('Jenkinsfile').indexOf("stage('Gate')")).toBeLessThan(
    read('Jenkinsfile').indexOf("stage('Tag')"),
  )
})

test('Argo CD and Argo Rollouts ask for what the gate answers', () => {
  const template = parse(read('k8s/components/sre-gate/release-gate.yaml'))
  const [{ provider, successCondition, failureCondition }] = template.spec.metrics
  expect(provider.web.jsonPath).toBe('{$.decision}')
  expect([...`${successCondition} ${failureCondition}`.matchAll(/"(\w+)"/g)].map(([, word]) => word)).toEqual(
    ['allowed', 'overridden', 'halted'] satisfies GateAnswer['decision'][],
  )
  const job = parse(read('k8s/components/sre-gate/pre-sync.yaml'))
  expect(job.metadata.annotations['argocd.argoproj.io/hook']).toBe('PreSync')
  expect(job.spec.template.spec.containers[0].args.slice(0, 4)).toEqual([
    'gate',
    '--service',
    'all',
    '--server',
  ])
})

function answerWith(decision: GateAnswer['decision']): GateAnswer {
  return {
    service: 'all',
    allowed: decision === 'allowed' || decision === 'overridden',
    decision,
    policy: 'conservative',
    at: 0,
    conditions: [
      { name: 'no_open_incident', result: 'pass', warning: false, evidence: 'none', lookedAt: 'sre.db' },
    ],
    actions: [],
    override:
      decision === 'overridden'
        ? { service: 'all', by: 'sre-on-call', reason: 'a fix', at: 0, expiresAt: 60_000 }
        : undefined,
    mayOverride: ['sre-on-call'],
  }
}

async function serve(status: number, body: unknown, asked: string[]): Promise<string> {
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function run(script: string, env: Record<string, string>): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      'sh',
      ['-ec', script],
      { cwd: REPOSITORY, env: { PATH: process.env.PATH, ...env } },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    )
  })
}
