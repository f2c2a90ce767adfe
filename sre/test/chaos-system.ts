import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMPILE_CACHE } from '@quickticket/testing/program'
import { REPOSITORY } from '@quickticket/testing/repository'
import { type RunningService, startService } from '@quickticket/testing/service-process'
import { onTestFailed, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { type Context, createContext } from '../src/context.ts'

const MAIN = join(REPOSITORY, 'sre/src/main.ts')
const TOKEN = 'chaos-test'
/** any request that takes no time: the faults strike in front of the handler */
const CHARGE = { type: 'http', service: 'payments', method: 'POST', path: '/charge', timeout: '2s' }
const BODY = { reservation_id: '00000000-0000-4000-8000-000000000001', amount: 5000 }

export interface ChaosSystem {
  payments: RunningService
  env: Record<string, string>
  context: Context
  /** what the program said on standard error */
  said: string[]
  /** the rules that are in force in the payments service; empty when the time of all of them is over */
  faults(): Promise<string>
  setFaults(faults: string): Promise<void>
  /** writes an experiment into a file, and returns its path */
  write(name: string, experiment: object): string
}

/** The payments service as a process, and a program that experiments with it; both end with the test. */
export async function startChaosSystem(variables: Record<string, string> = {}): Promise<ChaosSystem> {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-chaos-'))
  const payments = await startService('payments', { FAULT_ADMIN_TOKEN: TOKEN, LOG_LEVEL: 'error' })
  const env = {
    SRE_SYSTEM: 'local',
    SRE_DATA_DIR: join(directory, 'data'),
    PAYMENTS_URL: payments.url,
    FAULT_ADMIN_TOKEN: TOKEN,
    PROMETHEUS_URL: 'http://127.0.0.1:9',
    ...variables,
  }
  const said: string[] = []
  const context = createContext(env, { progress: (line) => said.push(line) })
  onTestFailed(() => console.error(said.join('\n')))
  onTestFinished(() => {
    context.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  return {
    payments,
    env,
    context,
    said,
    async faults() {
      const answer = await fetch(`${payments.url}/faults`, { headers })
      const { faults, rules } = (await answer.json()) as { faults: string; rules: { active: boolean }[] }
      return rules.some(({ active }) => active) ? faults : ''
    },
    async setFaults(faults) {
      await fetch(`${payments.url}/faults`, { method: 'PUT', headers, body: JSON.stringify({ faults }) })
    },
    write(name, experiment) {
      const file = join(directory, `${name}.yaml`)
      writeFileSync(file, stringify(experiment))
      return file
    },
  }
}

/** An experiment with the payments service: with `rules` in force, a charge answers `during`. */
export function chargeExperiment({
  rules = 'POST /charge 100% status=503',
  during = 503 as unknown,
  settings = {} as object,
  method = [] as object[],
} = {}): object {
  return {
    version: '1.0.0',
    title: 'Charges fail',
    description: 'The payments service answers charges with an error.',
    'steady-state-hypothesis': {
      title: 'A charge succeeds again as soon as the fault has gone',
      probes: [chargeProbe('charge', 200)],
    },
    method: [
      { type: 'action', name: 'fail charges', provider: { type: 'faults', service: 'payments', rules } },
      chargeProbe('charge during the fault', during),
      ...method,
    ],
    extensions: [
      {
        name: 'sre',
        duration: '500ms',
        interval: '100ms',
        recovery: '5s',
        strategy: 'default',
        ...settings,
      },
    ],
  }
}

export function chargeProbe(name: string, tolerance: unknown): object {
  return { type: 'probe', name, provider: { ...CHARGE, body: BODY }, tolerance }
}

/** `npm run sre --` with these arguments; it is killed with the test. */
export function startProgram(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text
  })
  const ended = once(child, 'close').then(([code]) => ({ ...written, code: code as number | null }))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, written, ended }
}
