import type { ServiceName } from '@quickticket/contract/services'
import { numberAt, objectAt } from '../../fields.ts'
import { CannotTell, UsageError } from '../../verb.ts'
import type { Injection } from '../injection.ts'
import { serviceAt } from '../targets/components.ts'
import { docker, findContainer } from '../targets/docker.ts'
import { findPods, kubectl } from '../targets/workload.ts'

interface Args {
  service: ServiceName
  cpus: number
  memoryMib: number
}

interface Data extends Args {
  /** the name of the processes that do it */
  mark: string
  /** containers' ids, or pods */
  targets: string[]
}

const MAX_CPUS = 8
const MAX_MEMORY_MIB = 512

/** Processes beside the service, in its container and under its limits, that compute and take memory. They end by themselves. */
export const pressure: Injection<Args, Data> = {
  kind: 'pressure',
  describe: ({ service, cpus, memoryMib }) =>
    `${[cpus > 0 && `${cpus} busy processors`, memoryMib > 0 && `${memoryMib} MiB taken`].filter(Boolean).join(', ')} beside ${service}`,
  read(provider, path) {
    const given = objectAt(provider, path, ['service', 'cpus', 'memory_mib'])
    const args = {
      service: serviceAt(given.service, `${path}.service`),
      cpus: numberAt(given.cpus ?? 0, `${path}.cpus`, { min: 0, max: MAX_CPUS }),
      memoryMib: numberAt(given.memory_mib ?? 0, `${path}.memory_mib`, { min: 0, max: MAX_MEMORY_MIB }),
    }
    if (!Number.isInteger(args.cpus))
      throw new UsageError(`${path}.cpus is ${args.cpus}; allowed: whole numbers`)
    if (args.cpus + args.memoryMib > 0) return args
    throw new UsageError(`${path} changes nothing; allowed: cpus, or memory_mib`)
  },
  async prepare(context, args) {
    const mark = `pressure-${Math.random().toString(36).slice(2, 10)}`
    if (context.system === 'compose') {
      return { ...args, mark, targets: [(await findContainer(context, args.service)).Id] }
    }
    if (context.system === 'cluster') return { ...args, mark, targets: await findPods(args.service) }
    throw new CannotTell(
      '"pressure" works with Compose and in a cluster only',
      `SRE_SYSTEM=${context.system}`,
    )
  },
  async inject(context, { service, cpus, memoryMib, mark, targets }, { expiresAt }) {
    const seconds = Math.max(1, Math.ceil((expiresAt - context.now()) / 1000))
    const jobs = [...Array.from({ length: cpus }, () => 0), ...(memoryMib > 0 ? [memoryMib] : [])]
    const args = [mark, String(seconds), jobs.join(',')]
    await inEach(context, targets, service, START, args)
  },
  async rollback(context, { service, mark, targets }) {
    await inEach(context, targets, service, END, [mark]).catch((error: unknown) => {
      // what is gone has taken its processes along
      if (!(error instanceof CannotTell && /not found|no such|is not running/i.test(error.message)))
        throw error
    })
  },
}

/** One process for each job: 0 computes, another number is MiB of memory to keep. */
const START = `
const [mark, seconds, jobs] = process.argv.slice(1)
const work = \`
  const [, seconds, mib] = process.argv.slice(1).map(Number)
  const end = Date.now() + seconds * 1000
  if (mib === 0) while (Date.now() < end);
  const kept = Buffer.alloc(mib * 2 ** 20, 1)
  setTimeout(() => kept.length, end - Date.now())\`
const env = { ...process.env, NODE_OPTIONS: '' }
for (const job of jobs.split(',')) {
  child_process.spawn(process.execPath, ['-e', work, mark, seconds, job], { env, detached: true, stdio: 'ignore' }).unref()
}`

const END = `
const [mark] = process.argv.slice(1)
for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && Number(name) !== process.pid)) {
  try {
    if (fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes(mark)) process.kill(Number(pid), 'SIGKILL')
  } catch {}
}`

async function inEach(
  { system }: { system: string },
  targets: string[],
  service: ServiceName,
  script: string,
  args: string[],
): Promise<void> {
  for (const target of targets) {
    const command = ['node', '-e', script, ...args]
    if (system === 'cluster') await kubectl('exec', target, '-c', service, '--', ...command)
    else await docker('exec', target, ...command)
  }
}
