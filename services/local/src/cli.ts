import { parseArgs } from 'node:util'
import { COMPONENTS, type ComponentName } from './components.ts'
import { type Control, connectControl } from './control-client.ts'
import { VERBS, type Verb } from './control-protocol.ts'
import { chooseDataDir } from './data-dir.ts'
import { refill } from './refill.ts'
import { CONTROL_HELP, firstSentence, statusTable } from './texts.ts'

/** Commands that name no component. */
const WHOLE = ['status', 'refill', 'down'] as const

type Command = {
  verb: Verb | (typeof WHOLE)[number]
  component: ComponentName
  variables: Record<string, string>
}

let command: Command | undefined
try {
  command = readCommand()
} catch (error) {
  console.error(`${firstSentence(error)}; npm run local -- --help lists what there is`)
  process.exit(2)
}
if (command === undefined) {
  console.log(CONTROL_HELP)
  process.exit(0)
}
try {
  console.log(await perform(connectControl(chooseDataDir(process.env.QUICKTICKET_DATA_DIR)), command))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}

function readCommand(): Command | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h', default: false } },
  })
  const [verb, component, ...assignments] = positionals
  if (values.help || verb === undefined || verb === 'help') return undefined
  const variables = Object.fromEntries(assignments.map(readAssignment))
  if (isOneOf(WHOLE, verb)) {
    if (component !== undefined) throw new Error(`${verb} is for the whole system and takes nothing more`)
    return { verb, component: 'gateway', variables }
  }
  if (!isOneOf(VERBS, verb)) throw new Error(`there is no command ${verb}`)
  if (component === undefined) throw new Error(`${verb} what? One of ${COMPONENTS.join(', ')}`)
  if (!isOneOf(COMPONENTS, component)) {
    throw new Error(`there is no component ${component}, only ${COMPONENTS.join(', ')}`)
  }
  if (assignments.length > 0 && verb !== 'start' && verb !== 'restart')
    throw new Error(`${verb} takes no variables`)
  return { verb, component, variables }
}

function readAssignment(text: string): [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new Error(`${text} is not NAME=value`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}

function isOneOf<T extends string>(known: readonly T[], name: string): name is T {
  return (known as readonly string[]).includes(name)
}

async function perform(control: Control, { verb, component, variables }: Command): Promise<string> {
  if (verb === 'status') return statusTable(await control.status())
  if (verb === 'refill') return refill(await control.status(), process.env)
  if (verb === 'down') return control.down().then(() => 'QuickTicket is stopped')
  await control[verb](component, variables)
  const now = (await control.status()).components.find((found) => found.component === component)
  return `${component} is ${now?.state}${now?.pid ? ` (pid ${now.pid}, ${now.address})` : ''}`
}
