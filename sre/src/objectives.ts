import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDeclaration, type Slo } from '@quickticket/monitoring/slo/declaration'
import { MONITORING } from '@quickticket/monitoring/slo/files'
import { UsageError } from './verb.ts'

/** The objectives that monitoring/slo declares, in alphabetical order. */
export function readObjectives(): Slo[] {
  const directory = join(MONITORING, 'slo')
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => readDeclaration(readFileSync(join(directory, file), 'utf8'), file))
}

/**
 * The objectives of these names; all of them without a name.
 *
 * @throws {UsageError} when there is none of a name
 */
export function chooseObjectives(names: string[]): Slo[] {
  const all = readObjectives()
  if (names.length === 0) return all
  return names.map((name) => {
    const found = all.find((slo) => slo.name === name)
    if (found) return found
    throw new UsageError(`"${name}" is no objective: ${all.map((slo) => slo.name).join(', ')}`)
  })
}
