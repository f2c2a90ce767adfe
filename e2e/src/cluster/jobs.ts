import { applyObjects, getJson, kubectl } from './kubectl.ts'
import { until } from './wait.ts'

export interface Container {
  command?: string[]
  args: string[]
  env?: { name: string; value?: string }[]
}
export interface PodSpec {
  containers: [Container, ...Container[]]
  volumes: { name: string; [kind: string]: unknown }[]
}
interface PodTemplate {
  metadata: { labels: Record<string, string> }
  spec: PodSpec
}
interface CronJob {
  spec: { jobTemplate: { spec: { template: PodTemplate } } }
  status: { active?: unknown[] }
}
interface Job {
  status: { conditions?: { type: string; status: string; reason?: string }[] }
}

export interface JobEnd {
  type: 'Complete' | 'Failed'
  reason?: string
}

/** A line of a log, as the services and commands of this project write it. */
export interface LogLine {
  level: string
  msg: string
  [field: string]: unknown
}

/** Starts what a CronJob starts, now. */
export function startJob(namespace: string, cronjob: string, name: string): Promise<string> {
  return kubectl(['create', 'job', `--from=cronjob/${cronjob}`, name, '-n', namespace])
}

/** Starts the pods of a CronJob after a change of theirs, and tries once. */
export async function startChangedJob(
  namespace: string,
  cronjob: string,
  name: string,
  change: (spec: PodSpec) => void,
): Promise<void> {
  const { spec } = await getJson<CronJob>(['cronjob', cronjob, '-n', namespace])
  const { template } = spec.jobTemplate.spec
  change(template.spec)
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { backoffLimit: 0, template } }
  await applyObjects([job], ['-n', namespace])
}

/** Waits until a Job has ended, in whatever way. */
export async function awaitJob(namespace: string, name: string, timeoutMs = 400_000): Promise<JobEnd> {
  const end = await until(
    `the end of job ${name}`,
    async () => {
      const { status } = await getJson<Job>(['job', name, '-n', namespace])
      return status.conditions?.find(
        ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
      )
    },
    (condition) => condition !== undefined,
    timeoutMs,
  )
  return end as JobEnd
}

/** What all pods of a Job have written, line by line. */
export async function outputOf(namespace: string, name: string): Promise<string[]> {
  const text = await kubectl(['logs', '-l', `job-name=${name}`, '-n', namespace, '--tail=-1'])
  return text.split('\n').filter((line) => line !== '')
}

export async function logOf(namespace: string, name: string): Promise<LogLine[]> {
  return readLog(await outputOf(namespace, name))
}

/** Leaves out what is no line of a log. */
export function readLog(lines: string[]): LogLine[] {
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
}

/** Stops the schedule of a CronJob, and waits for what it has started. */
export async function suspend(namespace: string, cronjob: string): Promise<void> {
  await setSuspended(namespace, cronjob, true)
  await until(
    `no job of ${cronjob} is running`,
    async () => (await getJson<CronJob>(['cronjob', cronjob, '-n', namespace])).status.active ?? [],
    (active) => active.length === 0,
    300_000,
  )
}

export function resume(namespace: string, cronjob: string): Promise<string> {
  return setSuspended(namespace, cronjob, false)
}

function setSuspended(namespace: string, cronjob: string, suspended: boolean): Promise<string> {
  const patch = JSON.stringify({ spec: { suspend: suspended } })
  return kubectl(['patch', 'cronjob', cronjob, '-n', namespace, '--patch', patch])
}
