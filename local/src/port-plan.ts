import { COMPONENTS, type ComponentName, isServer, portVariable } from './components.ts'
import type { PortChoice } from './options.ts'
import { freePorts, whyClosed } from './ports.ts'

/**
 * Every component's port. The services' are what people type, so they are taken or the start fails; PostgreSQL and
 * Redis give way to what this machine may have running already. A component that is not wanted gets any free one.
 */
export async function planPorts(
  choices: Record<ComponentName, PortChoice>,
  wanted: readonly ComponentName[],
  log: (line: string) => void,
): Promise<Record<ComponentName, number>> {
  const spare = await freePorts(COMPONENTS.length)
  const plan: Partial<Record<ComponentName, number>> = {}
  const refused: string[] = []
  for (const [index, name] of COMPONENTS.entries()) {
    const { port, chosen } = choices[name]
    const free = spare[index] as number
    if (!wanted.includes(name)) {
      plan[name] = free
      continue
    }
    const reason = port === 0 ? undefined : whyTaken(port, plan) || (await whyUnavailable(port))
    if (reason && (chosen || !isServer(name))) {
      refused.push(
        `port ${port} for ${name} ${reason}: choose another one, as in ${portVariable(name)}=${free}`,
      )
    } else if (reason) log(`port ${port} ${reason}, so ${name} listens on ${free}`)
    plan[name] = port === 0 || reason ? free : port
  }
  if (refused.length > 0) throw new Error(refused.join('\n'))
  return plan as Record<ComponentName, number>
}

function whyTaken(port: number, plan: Partial<Record<ComponentName, number>>): string | undefined {
  const other = COMPONENTS.find((name) => plan[name] === port)
  return other && `is also that of ${other}`
}

async function whyUnavailable(port: number): Promise<string | undefined> {
  const code = await whyClosed(port)
  if (code === 'EADDRINUSE') return 'is in use'
  if (code === 'EACCES') return 'is not open to this user'
  return code && `cannot be opened (${code})`
}
