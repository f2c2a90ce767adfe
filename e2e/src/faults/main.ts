import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { readCommandLine } from '@quickticket/kit/command-line'
import { REPOSITORY } from '@quickticket/testing/repository'
import { type History, saveHistory } from './history.ts'
import { PLANS, type Plan } from './nemesis.ts'
import { printResult, progressLine } from './report.ts'
import { SAFEGUARDS, withoutSafeguard } from './sabotage.ts'
import { runTrial } from './trial.ts'

const USAGE = `npm run test:faults -- [--minutes N] [--seed N] [--faults all|freeze] [--without SAFEGUARD]

Buyers buy while services, PostgreSQL, Redis and connections are killed, frozen, slowed and cut; afterwards all that they
saw and all that is stored is checked. Exits with 1 when something is wrong.

  --minutes N            how long (default 1)
  --seed N               repeats a schedule of faults; printed at the start
  --faults all|freeze    everything (default), or replicas of events that sleep through the end of a checkout
  --without SAFEGUARD    takes one safeguard out first, to see that the checker notices:
                         ${Object.keys(SAFEGUARDS).join(', ')}`

process.exit(await main())

async function main(): Promise<number> {
  const { minutes, seed, plan, without } = readArguments()
  const root = without === undefined ? undefined : withoutSafeguard(without)
  console.log(`seed ${seed}, ${minutes} min${without ? `, without ${without}` : ''}`)
  const started = performance.now()
  const onProgress = (history: History) =>
    console.log(progressLine(history, (performance.now() - started) / 1000))
  const result = await runTrial({
    seed,
    plan,
    durationMs: minutes * 60_000,
    ...(root && { root: root.dir }),
    onProgress,
  })
  root?.remove()
  printResult(result)
  if (result.anomalies.length === 0) return 0
  const dir = join(REPOSITORY, 'e2e/results')
  mkdirSync(dir, { recursive: true })
  const file = join(dir, `history-${seed}.jsonl`)
  saveHistory(result.history, file)
  console.log(`the whole history: ${file}`)
  console.log(`again: npm run test:faults -- --minutes ${minutes} --seed ${seed} --faults ${plan}`)
  return 1
}

function readArguments() {
  const options = {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    faults: { type: 'string', default: 'all' },
    without: { type: 'string' },
  } as const
  return readCommandLine({ command: 'npm run test:faults --', usage: USAGE, options }, ({ values }) => {
    const { without, faults } = values
    const minutes = Number(values.minutes)
    const seed = Number(values.seed)
    if (!(minutes > 0 && minutes <= 600))
      throw new Error(`--minutes ${values.minutes} must be a number from 0 to 600`)
    if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed} must be a whole number`)
    if (without !== undefined && !(without in SAFEGUARDS)) {
      throw new Error(`--without ${without} must be one of ${Object.keys(SAFEGUARDS).join(', ')}`)
    }
    if (!(faults in PLANS)) throw new Error(`--faults ${faults} must be all or freeze`)
    return { minutes, seed, plan: faults as Plan, without }
  })
}
