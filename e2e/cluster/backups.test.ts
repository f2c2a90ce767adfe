import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { askNumber } from '../src/cluster/ask.ts'
import { clusterEnvironment } from '../src/cluster/environment.ts'
import {
  awaitJob,
  logOf,
  outputOf,
  readLog,
  resume,
  startChangedJob,
  startJob,
  suspend,
} from '../src/cluster/jobs.ts'
import { kubectl } from '../src/cluster/kubectl.ts'
import { ordersOf, podsOf, sql } from '../src/cluster/production.ts'
import { lockTable } from '../src/cluster/table-lock.ts'
import { until } from '../src/cluster/wait.ts'
import { readPage, runBlock, type Step, saveTranscript } from '../src/labs/lab.ts'
import { openShell, type Shell } from '../src/labs/shell.ts'

const NAMESPACE = 'default'
const DUMP = /^quickticket_\d{8}T\d{6}Z\.dump$/
const LAST_VERIFIED = 'max(max_over_time(quickticket_backup_last_verified_timestamp_seconds[1d]))'

beforeAll(async () => {
  await removeJobs()
  await suspend(NAMESPACE, 'postgres-backup')
  await suspend(NAMESPACE, 'postgres-restore-verify')
  await sql(NAMESPACE, 'UPDATE events SET total_tickets = 1000000')
  await somebodyBuys()
})
afterAll(async () => {
  await removeJobs()
  await resume(NAMESPACE, 'postgres-restore-verify')
  await resume(NAMESPACE, 'postgres-backup')
})

test('seven backups in a row leave the newest five', async () => {
  const made: string[] = []
  for (let run = 1; run <= 7; run++) made.push(await backup(`test-seven-${run}`))
  expect(await dumps()).toEqual(made.slice(-5))
})

test('the nightly verification restores the newest', async () => {
  const newest = (await dumps()).at(-1)
  expect(await verify('test-nightly')).toContain(`${newest}: restored, compared and audited`)
})

test('Prometheus learns when the last dump was taken that is known to be good', async () => {
  await backup('test-told')
  const [sample] = /(?<=^quickticket_backup_last_verified_timestamp_seconds ).+$/m.exec(
    await inspect(['cat', '/backups/quickticket_backup.prom']),
  ) as RegExpExecArray
  await until(
    'Prometheus has it',
    () => askNumber(LAST_VERIFIED),
    (time) => time === Number(sample),
  )
})

test('killed in the middle: the dumps from before are there and good, and the next try cleans up', async () => {
  const before = await dumps()
  // the last table that is dumped, and no buyer needs it
  const lock = await lockTable(NAMESPACE, 'schema_migrations')
  try {
    await startJob(NAMESPACE, 'postgres-backup', 'test-killed')
    await until(
      'the dump waits for the table',
      () => backupsOnServer('Lock'),
      (sessions) => sessions === 2,
    )
    const pods = ['pod', '-l', 'job-name=test-killed', '-n', NAMESPACE]
    await kubectl(['delete', ...pods, '--grace-period=0', '--force'])
    await until('its connection is gone', advisoryLocks, (count) => count === 0)
    expect(await partials()).toHaveLength(1)
    expect(await dumps()).toEqual(before)
  } finally {
    await lock.release()
  }
  const newest = before.at(-1) as string
  expect(await verify('test-after-the-kill', newest)).toContain(`${newest}: restored, compared and audited`)
  expect(await awaitJob(NAMESPACE, 'test-killed')).toMatchObject({ type: 'Complete' })
  expect(await partials()).toEqual([])
  expect((await dumps()).slice(0, 4)).toEqual(before.slice(1))
})

test('the volume full: says so, leaves nothing of the new dump, and does no harm to the old one', async () => {
  const script = `
    backup() { node migrations/backups/src/main.ts "$@"; }
    list() { ls -A /backups /backups/.manifests; }
    backup backup --verify
    FIRST=$(cd /backups; ls *.dump)
    dd if=/dev/zero of=/backups/filler bs=4k 2>/dev/null
    list >/tmp/before
    echo '=== full'
    # no room at all, room for a part of a dump, and for a dump without its manifest
    for MORE in 0 8192 $(($(stat -c %s /backups/$FIRST) / 4096 * 4096)); do
      truncate -s -$MORE /backups/filler
      backup backup
      echo "ended with $?"
      list | diff /tmp/before - && echo 'as before'
    done
    echo '=== filled by what a killed backup has left'
    mv /backups/filler /backups/.quickticket_20260101T000000Z.dump.partial
    backup backup
    echo "ended with $?"
    backup verify $FIRST`
  await startChangedJob(NAMESPACE, 'postgres-backup', 'test-full', ({ containers: [container], volumes }) => {
    container.command = ['sh', '-c', script]
    // a directory of the node has no size of its own; a file system in memory has one
    const volume = volumes.find(({ name }) => name === 'backups')
    Object.assign(volume as object, { emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } })
    delete volume?.persistentVolumeClaim
  })
  const end = await awaitJob(NAMESPACE, 'test-full')
  const output = (await outputOf(NAMESPACE, 'test-full')).join('\n')
  const [, full = '', afterwards = ''] = output.split(/^=== .*$/m)
  expect(full.match(/^(ended with|as before).*$/gm), output).toEqual(
    Array(3).fill(['ended with 1', 'as before']).flat(),
  )
  const message = expect.stringMatching(/No space left on device|the disk of BACKUP_DIR is full/)
  expect(readLog(full.split('\n'))).toEqual(
    Array(3).fill(expect.objectContaining({ level: 'ERROR', msg: message })),
  )
  expect(afterwards, output).toContain('ended with 0')
  expect(end, output).toMatchObject({ type: 'Complete' })
})

test('the database away: the job ends and says why, the dumps stay, and an alert is near', async () => {
  const [before, events, verified] = await Promise.all([dumps(), eventsPods(), askNumber(LAST_VERIFIED)])
  await scalePostgres(0)
  onTestFinished(() => scalePostgres(1))
  await startJob(NAMESPACE, 'postgres-backup', 'test-away')
  const end = await awaitJob(NAMESPACE, 'test-away')
  // also when the database is away for good, its time does not have to be over
  expect(end).toMatchObject({ type: 'Failed', reason: 'BackoffLimitExceeded' })
  const errors = (await logOf(NAMESPACE, 'test-away')).filter(({ level }) => level === 'ERROR')
  expect(errors.map(({ msg }) => msg)).toEqual(
    Array(3).fill(expect.stringMatching(/^PostgreSQL at postgres:5432 .*there is no answer/)),
  )
  expect(await dumps()).toEqual(before)
  expect(await partials()).toEqual([])

  expect(await askNumber(LAST_VERIFIED)).toBe(verified)
  const rule = await alertRule('BackupNotVerified')
  expect(await askNumber(rule)).toBeNaN()
  // it looks back for 15 minutes; one minute later, if nothing were verified until then
  expect(await askNumber(rule.replaceAll('time()', `(time() + ${16 * 60})`))).toBeGreaterThan(15 * 60)

  await scalePostgres(1)
  await somebodyBuys()
  expect(await eventsPods()).toEqual(events)
  await backup('test-back')
})

describe('docs/backups.md', () => {
  const steps: Step[] = []
  let shell: Shell
  let events: unknown
  let failed = false

  beforeAll(async () => {
    shell = openShell(REPOSITORY, clusterEnvironment())
    await backup('test-before-the-loss')
    await somebodyBuys()
    events = await eventsPods()
  })
  afterAll(() => {
    shell.close()
    saveTranscript('cluster-backups', steps)
  })

  for (const block of readPage('backups', 'on a cluster')) {
    test(`line ${block.line}: ${block.script.split('\n')[0]}`, async ({ skip }) => {
      skip(failed, 'an earlier block failed')
      failed = true
      steps.push(await runBlock(shell, block))
      failed = false
    })
  }

  test('events was never restarted, tickets are sold, and there are backups again', async ({ skip }) => {
    skip(failed, 'an earlier block failed')
    console.log(steps.flatMap(({ stdout }) => stdout.match(/^R[TP]O: .*$/gm) ?? []).join('\n'))
    expect(await eventsPods()).toEqual(events)
    await somebodyBuys()
    await suspend(NAMESPACE, 'postgres-backup')
    await backup('test-after-the-restore')
  })
})

/** Makes and verifies a dump, and returns its name. */
async function backup(job: string): Promise<string> {
  await startJob(NAMESPACE, 'postgres-backup', job)
  const end = await awaitJob(NAMESPACE, job)
  const log = await logOf(NAMESPACE, job)
  expect(end, JSON.stringify(log)).toMatchObject({ type: 'Complete' })
  const { file } = log.find((line) => 'file' in line) as { file?: string }
  return (file as string).slice('/backups/'.length)
}

/** Verifies a dump, by default the newest, and returns what is said of it. */
async function verify(job: string, dump?: string): Promise<string> {
  if (dump === undefined) await startJob(NAMESPACE, 'postgres-restore-verify', job)
  else
    await startChangedJob(NAMESPACE, 'postgres-restore-verify', job, ({ containers: [container] }) => {
      container.args = ['verify', dump]
    })
  const end = await awaitJob(NAMESPACE, job)
  const log = await logOf(NAMESPACE, job)
  expect(end, JSON.stringify(log)).toMatchObject({ type: 'Complete' })
  return log.map(({ msg }) => msg).join('\n')
}

/** Those of this test and of the page, also of a run that was interrupted. */
async function removeJobs(): Promise<void> {
  const names = (await kubectl(['get', 'jobs', '-n', NAMESPACE, '-o', 'name'])).split('\n')
  const made = names.filter((name) => /\/(test-.+|restore)$/.test(name))
  if (made.length > 0) await kubectl(['delete', ...made, '-n', NAMESPACE])
}

function inspect(command: string[]): Promise<string> {
  return kubectl(['exec', 'deployment/backup-inspector', '-n', NAMESPACE, '--', ...command])
}

async function files(): Promise<string[]> {
  return (await inspect(['ls', '-A', '/backups'])).split('\n').filter((name) => name !== '')
}

/** The oldest first. */
async function dumps(): Promise<string[]> {
  return (await files()).filter((name) => DUMP.test(name)).toSorted()
}

async function partials(): Promise<string[]> {
  return (await files()).filter((name) => name.includes('.partial'))
}

async function backupsOnServer(waitFor: string): Promise<number> {
  const sessions = `application_name = 'quickticket-backup' AND wait_event_type = '${waitFor}'`
  return Number(await sql(NAMESPACE, `SELECT count(*) FROM pg_stat_activity WHERE ${sessions}`))
}

/** A backup has one while it runs. */
async function advisoryLocks(): Promise<number> {
  return Number(await sql(NAMESPACE, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'`))
}

async function scalePostgres(replicas: number): Promise<void> {
  await kubectl(['scale', 'deployment/postgres', `--replicas=${replicas}`, '-n', NAMESPACE])
  await until(
    `${replicas} of PostgreSQL`,
    () => podsOf(NAMESPACE, 'app=postgres'),
    (pods) => pods.length === replicas && pods.every(({ ready }) => ready),
  )
}

/** Which pods of events there are, and how often they were started. */
async function eventsPods(): Promise<{ name: string; restarts: number }[]> {
  return (await podsOf(NAMESPACE, 'app=events')).map(({ name, restarts }) => ({ name, restarts }))
}

async function somebodyBuys(): Promise<void> {
  const before = await ordersOf(NAMESPACE)
  await until(
    'tickets are sold',
    () => ordersOf(NAMESPACE),
    (orders) => orders > before,
  )
}

/** The expression of an alert, as Prometheus has it. */
async function alertRule(name: string): Promise<string> {
  const path = '/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/rules'
  const { data } = JSON.parse(await kubectl(['get', '--raw', `${path}?type=alert`])) as {
    data: { groups: { rules: { name: string; query: string }[] }[] }
  }
  const rule = data.groups.flatMap(({ rules }) => rules).find((each) => each.name === name)
  return (rule as { query: string }).query
}
