import type { ComponentName } from './components.ts'

export type StepTimer = <T>(name: string, work: () => Promise<T>) => Promise<T>

/** Says of each step, when it is done, how long it took. */
export function createStepTimer(say: (text: string) => void): StepTimer {
  return async (name, work) => {
    const startedAt = performance.now()
    const result = await work()
    say(`${name.padEnd(14)} ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
    return result
  }
}

/** As people write it. */
export function displayName(name: ComponentName): string {
  return { postgres: 'PostgreSQL', redis: 'Redis' }[name as string] ?? name
}
