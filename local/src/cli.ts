import { type Command, readCommand } from './command-line.ts'
import type { SHELLS } from './commands.ts'
import type { ComponentName, ServiceName } from './components.ts'
import { type Control, connectControl } from './control-client.ts'
import type { Verb } from './control-protocol.ts'
import { chooseDataDir } from './data-dir.ts'
import { CONTROL_HELP, firstSentence } from './help-texts.ts'
import { faultsText, statusText } from './status-text.ts'

let command: Command | undefined
try {
  command = readCommand(process.argv.slice(2))
} catch (error) {
  console.error(`${firstSentence(error)}; npm run local -- --help lists what there is`)
  process.exit(2)
}
if (command === undefined) {
  console.log(CONTROL_HELP)
  process.exit(0)
}
// a reader that has seen enough
process.stdout.on('error', () => process.exit(0))
try {
  const dataDir = chooseDataDir(process.env.QUICKTICKET_DATA_DIR)
  const { text, json } = await perform(connectControl(dataDir), command, dataDir)
  if (command.json) console.log(JSON.stringify(json))
  else if (text !== '') console.log(text)
} catch (error) {
  const { message } = error as Error
  console.error(command.json ? JSON.stringify({ error: message }) : message)
  process.exitCode = 1
}

type Result = { text: string; json?: unknown }

async function perform(control: Control, command: Command, dataDir: string): Promise<Result> {
  const { spec, first, variables } = command
  switch (spec.name) {
    case 'status':
      return showStatus(control)
    case 'faults':
      return changeFaults(control, command)
    case 'refill': {
      const { refill } = await import('./refill.ts')
      const status = await control.status()
      const text = await refill(status, process.env, command.json ? ['--json'] : [])
      return { text, json: command.json && JSON.parse(text) }
    }
    case 'logs': {
      const { showLogs } = await import('./logs.ts')
      await showLogs(dataDir, command)
      process.exit(0)
      break
    }
    case 'open': {
      const { openBrowser } = await import('./open-browser.ts')
      return openBrowser(await control.status(), process.env)
    }
    case 'completion': {
      const { completionScript } = await import('./completion.ts')
      const script = completionScript(first as (typeof SHELLS)[number])
      return { text: script, json: { script } }
    }
    case 'down':
      await control.down()
      return { text: 'QuickTicket is stopped', json: { state: 'stopped' } }
    default:
      return operate(control, spec.name, first as ComponentName, variables)
  }
}

async function showStatus(control: Control): Promise<Result> {
  const status = await control.status()
  const starting = status.state === 'starting' || status.state === 'stopping'
  const faults = starting ? [] : await control.faults()
  return { text: statusText(status, faults), json: { ...status, faults } }
}

async function changeFaults(control: Control, { first, faults }: Command): Promise<Result> {
  const service = (first === 'none' ? undefined : first) as ServiceName | undefined
  const found =
    faults === undefined ? await control.faults(service) : await control.setFaults(faults, service)
  return { text: faultsText(found), json: found }
}

async function operate(
  control: Control,
  verb: Verb,
  component: ComponentName,
  variables: Record<string, string>,
): Promise<Result> {
  await control[verb](component, variables)
  const now = (await control.status()).components.find((found) => found.component === component)
  const where = now?.pid ? ` (pid ${now.pid}, ${now.address})` : ''
  return { text: `${component} is ${now?.state}${where}`, json: now }
}
