import { readCommandLine } from '@quickticket/kit/command-line'
import { BROKEN, describeBroken, searchWithout, writeGolden } from './golden.ts'
import { SAFEGUARDS, SCENARIOS, type Scenario } from './model.ts'
import { requireSpin, search } from './spin.ts'
import { describeTrace } from './trace.ts'

const HELP = `npm run model -- [options]

Searches all states of the model of the protocol, e2e/model/protocol.pml; docs/correctness.md explains it.

  (none)                   every scenario of the protocol as it is
  --without SAFEGUARD      the shortest trace of what goes wrong without it
  --define NAME[=VALUE]    a macro of the model, with --scenario; may be repeated
  --scenario NAME          ${Object.keys(SCENARIOS).join(', ')}
  --write                  the traces of all safeguards again, to e2e/model/traces

Safeguards:
${Object.entries(SAFEGUARDS)
  .map(([name, { about }]) => `  ${name.padEnd(24)} ${about}`)
  .join('\n')}`

const values = readOptions()

try {
  await check()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}

async function check(): Promise<void> {
  requireSpin()
  if (values.write) return writeTraces()
  if (values.without !== undefined) return showWithout(values.without)
  const scenarios = values.scenario === undefined ? Object.keys(SCENARIOS) : [values.scenario]
  for (const scenario of scenarios) await showScenario(scenario)
}

async function writeTraces(): Promise<void> {
  for (const [name, safeguard] of Object.entries(BROKEN)) {
    writeGolden(name, describeBroken(safeguard, await searchWithout(safeguard)))
    console.log(`e2e/model/traces/${name}.txt`)
  }
}

async function showWithout(name: string): Promise<void> {
  const safeguard = SAFEGUARDS[name]
  if (!safeguard) throw new Error(`There is no safeguard ${JSON.stringify(name)}: see --help`)
  const { scenario, defines, redundant } = safeguard
  const result = await (redundant ? search({ scenario, defines, look: 'all' }) : searchWithout(safeguard))
  if (result.broken) return console.log(describeBroken(safeguard, result))
  console.log(`All promises are kept without it, in ${result.states.toLocaleString('en')} states.`)
}

async function showScenario(name: string): Promise<void> {
  if (!Object.hasOwn(SCENARIOS, name))
    throw new Error(`There is no scenario ${JSON.stringify(name)}: see --help`)
  const scenario = name as Scenario
  const defines = values.define ?? []
  const all = await search({ scenario, defines, look: 'all' })
  const states = `${all.states.toLocaleString('en')} states`
  if (!all.broken) return console.log(`${scenario.padEnd(8)} ${states.padStart(17)}, all promises are kept`)
  // not all searches find the shortest trace
  const { broken = all.broken } = await search({ scenario, defines, look: 'shortest' })
  console.log(`${scenario}, promise ${broken.promise}\n\n${describeTrace(broken.trace)}\n`)
  process.exitCode = 1
}

function readOptions() {
  const options = {
    without: { type: 'string' },
    define: { type: 'string', multiple: true },
    scenario: { type: 'string' },
    write: { type: 'boolean' },
  } as const
  return readCommandLine({ command: 'npm run model --', usage: HELP, options }, (parsed) => parsed.values)
}
