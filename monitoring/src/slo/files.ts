import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { readDeclaration } from './declaration.ts'
import { sloGroups } from './rules.ts'

export const MONITORING = fileURLToPath(new URL('../..', import.meta.url))

/** The rule file of every declaration in monitoring/slo, by its name. */
export function sloFiles(timeScale = 1, shortestIntervalMs = 0): Map<string, string> {
  const directory = join(MONITORING, 'slo')
  const declarations = readdirSync(directory).filter((file) => file.endsWith('.yaml'))
  return new Map(
    declarations.sort().map((file) => {
      const slo = readDeclaration(readFileSync(join(directory, file), 'utf8'), file)
      const comment = `# Made by npm run slo from monitoring/slo/${file}: change it there.\n`
      const rules = stringify(
        { groups: sloGroups(slo, timeScale, shortestIntervalMs) },
        { lineWidth: 0, aliasDuplicateObjects: false },
      )
      return [`slo-${slo.name}.yml`, comment + rules]
    }),
  )
}
