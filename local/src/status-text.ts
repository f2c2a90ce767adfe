import type { ComponentStatus } from './component.ts'
import type { ServiceFaults } from './component-faults.ts'
import type { SystemStatus } from './control-protocol.ts'

/** The table of components. */
export function componentTable(components: ComponentStatus[]): string {
  const rows = components.map(({ component, state, address, pid }) => [component, state, address, pid ?? '-'])
  return [['component', 'state', 'address', 'pid'], ...rows]
    .map(([name, state, address, pid]) =>
      [String(name).padEnd(14), String(state).padEnd(9), String(address).padEnd(23), pid].join(' '),
    )
    .join('\n')
}

/** What runs, what is injected, what was given to single services, and the state of all of it in the last line. */
export function statusText(status: SystemStatus, faults: ServiceFaults[]): string {
  const injected = faults.flatMap((found) => faultLines(found).map((line) => row(found.service, line)))
  const given = status.components.flatMap(({ component, variables = {}, injected: known = [] }) => {
    const texts = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    const others = texts.filter((text) => !known.includes(text) && !text.startsWith('FAULTS='))
    return others.length > 0 ? [row(component, others.join(' '))] : []
  })
  return [
    componentTable(status.components),
    ...block('faults', injected),
    ...block('variables', given),
    stateLine(status),
  ].join('\n')
}

/** What is injected, by service. */
export function faultsText(faults: ServiceFaults[]): string {
  return faults
    .flatMap((found) => {
      const lines = faultLines(found)
      return (lines.length > 0 ? lines : [nothingToShow(found)]).map((line) => row(found.service, line))
    })
    .join('\n')
}

function nothingToShow({ rules }: ServiceFaults): string {
  return rules ? 'none' : 'it does not answer'
}

function faultLines({ variables, rules = [], sealed }: ServiceFaults): string[] {
  const live = rules.map(({ text, injected, active }) => {
    const struck = `struck ${injected} ${injected === 1 ? 'time' : 'times'}`
    return `${text}  (${active ? struck : `not now; ${struck}`})`
  })
  return [...variables, ...live, ...(sealed ? ['sealed: it does not tell (FAULTS_SEALED)'] : [])]
}

function stateLine({ state, pid, components }: SystemStatus): string {
  const down = components
    .filter((component) => component.state !== 'running')
    .map(({ component, state }) => `${component} is ${state}`)
  const why = state === 'degraded' ? `: ${down.join(', ')}` : ''
  return `QuickTicket is ${state}${why} (runner: pid ${pid})`
}

function row(service: string, text: string): string {
  return `${service.padEnd(14)} ${text}`
}

function block(title: string, rows: string[]): string[] {
  return rows.length === 0
    ? []
    : rows.map((line, index) => `${(index === 0 ? title : '').padEnd(10)} ${line}`)
}
