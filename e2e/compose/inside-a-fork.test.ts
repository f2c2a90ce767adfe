import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '@quickticket/testing/free-port'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { REPOSITORY } from '@quickticket/testing/repository'
import { IMAGES } from '@quickticket/testing/versions'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'

/** A student's fork of the course: its own monitoring, and this repository as the directory app. */
const fork = mkdtempSync(join(tmpdir(), 'quickticket-fork-'))
const app = join(fork, 'app')
const name = `app-${randomBytes(4).toString('hex')}`
let prometheusUrl: string

// as the sheets write it, in app/
const COMPOSE = 'docker compose -f docker-compose.yaml -f ../docker-compose.monitoring.yaml'

beforeAll(async () => {
  await copyRepository(app)
  const [gateway, events, payments, postgres, redis, prometheus] = await Promise.all(
    Array.from({ length: 6 }, freePort),
  )
  prometheusUrl = `http://127.0.0.1:${prometheus}`
  write('app/.env', [
    `COMPOSE_PROJECT_NAME=${name}`,
    `GATEWAY_PORT=${gateway}`,
    `EVENTS_PORT=${events}`,
    `PAYMENTS_PORT=${payments}`,
    `POSTGRES_PORT=${postgres}`,
    `REDIS_PUBLISHED_PORT=${redis}`,
    `GATEWAY_URL=http://127.0.0.1:${gateway}`,
  ])
  write('docker-compose.monitoring.yaml', [
    'services:',
    '  prometheus:',
    `    image: ${IMAGES.prometheus}`,
    `    ports: ["${prometheus}:9090"]`,
    '    volumes:',
    '      - ../monitoring/prometheus/prometheus.yml:/etc/prometheus/prometheus.yml:ro',
    '      - ../monitoring/prometheus/rules.yml:/etc/prometheus/rules.yml:ro',
    '    command: ["--config.file=/etc/prometheus/prometheus.yml"]',
  ])
  write('monitoring/prometheus/prometheus.yml', [
    'global: { scrape_interval: 1s, evaluation_interval: 1s }',
    'rule_files: [/etc/prometheus/rules.yml]',
    'scrape_configs:',
    ...[
      ['gateway', 8080],
      ['events', 8081],
      ['payments', 8082],
    ].map(
      ([job, port]) =>
        `  - { job_name: ${job}, static_configs: [{ targets: ['${job}:${port}'] }], metrics_path: /metrics }`,
    ),
  ])
  write('monitoring/prometheus/rules.yml', [
    'groups:',
    '  - name: slo_rules',
    '    rules:',
    '      - record: gateway:requests:total',
    '        expr: sum(gateway_requests_total)',
  ])
  await inApp(`${COMPOSE} up -d --build`)
})
afterAll(async () => {
  await inApp(`${COMPOSE} down --volumes --timeout 5`)
  await inApp(`docker image rm ${['gateway', 'events', 'payments'].map((one) => `${name}-${one}`).join(' ')}`)
  rmSync(fork, { recursive: true, force: true })
})

test('containers and images have the name of the project', async () => {
  const containers = await inApp(`${COMPOSE} ps --format '{{.Name}}'`)
  expect(containers.split('\n').filter(Boolean).toSorted()).toEqual(
    ['events', 'gateway', 'payments', 'postgres', 'prometheus', 'redis'].map((one) => `${name}-${one}-1`),
  )
  for (const one of ['gateway', 'events', 'payments']) {
    expect(await inApp(`docker image inspect --format '{{.Os}}' ${name}-${one}`)).toBe('linux\n')
  }
})

test('app/loadgen/run.sh sends load from the root of the fork, and loadgen/run.sh from app', async () => {
  for (const command of ['cd .. && app/loadgen/run.sh 5 2', './loadgen/run.sh 5 2']) {
    const done = await inApp(`set -a; . ./.env; set +a; ${command}`)
    expect(done).toMatch(/^Done\. total=10 success=10 fail=0 error_rate=0\.0%/m)
  }
})

test('the monitoring of the fork sees every service, and its rules have values', async () => {
  const query = async (expr: string) => {
    const answer = await fetch(`${prometheusUrl}/api/v1/query?query=${encodeURIComponent(expr)}`)
    const { data } = (await answer.json()) as { data: { result: { metric: { job?: string } }[] } }
    return data.result.map(({ metric }) => metric.job ?? '').toSorted()
  }
  await eventually(() => query('up == 1'), ['events', 'gateway', 'payments'], 30_000)
  await eventually(() => query('gateway:requests:total > 0'), [''], 30_000)
})

test('the sheet’s commands on one service work', async () => {
  const again = await inApp(
    `cd .. && docker compose -f app/docker-compose.yaml exec -T postgres psql -q -U quickticket -d quickticket -f /dev/stdin < app/seed.sql`,
  )
  expect(again).not.toContain('ERROR')
  await inApp('docker compose stop payments')
  await inApp('docker compose start payments')
  expect(await inApp('docker compose exec -T gateway whoami')).toBe('quickticket\n')
  await inApp(`PAYMENT_FAILURE_RATE=0.3 ${COMPOSE} up -d payments`)
  // up returns before the new container has written its first line
  const logs = () => inApp(`${COMPOSE} logs payments --tail=20`)
  await eventually(logs, expect.stringContaining('"service":"payments"'), 30_000)
})

async function inApp(command: string): Promise<string> {
  const options = { cwd: app, env: inheritedEnvironment(), maxBuffer: 64 * 1024 * 1024 }
  return (await promisify(execFile)('bash', ['-euc', command], options)).stdout
}

function write(file: string, lines: string[]): void {
  mkdirSync(dirname(join(fork, file)), { recursive: true })
  writeFileSync(join(fork, file), `${lines.join('\n')}\n`)
}

/** What a clone would have. */
async function copyRepository(to: string): Promise<void> {
  const files = await promisify(execFile)('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: REPOSITORY,
  })
  for (const file of files.stdout.split('\0').filter(Boolean)) {
    const copy = () =>
      cpSync(join(REPOSITORY, file), join(to, file), { recursive: true, verbatimSymlinks: true })
    try {
      copy()
    } catch (error) {
      // it was removed, and the removal is not committed
      if ((error as { code?: string }).code !== 'ENOENT') throw error
    }
  }
}
