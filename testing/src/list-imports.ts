import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readCommandLine } from '@quickticket/kit/command-line'
import { REPOSITORY as ROOT } from './repository.ts'

const USAGE =
  'npm run imports     lists the workspaces that each workspace imports, with the number of files that do'

readCommandLine({ command: 'npm run imports --', usage: USAGE, options: {} }, () => undefined)

const IMPORT = /(?:from|import)\s*\(?\s*'@quickticket\/([\w-]+)(?:\/[^']*)?'/g

interface Workspace {
  name: string
  directory: string
}

/** Files of each workspace that import another one: those of its source, and those of its tests. */
function countImports(workspaces: Workspace[], { name, directory }: Workspace) {
  const inner = workspaces
    .map((other) => other.directory)
    .filter((other) => other.startsWith(`${directory}/`))
  const files = globSync(`${directory}/**/*.ts`, {
    cwd: ROOT,
    exclude: (file) => file.includes('node_modules'),
  }).filter((file) => !inner.some((other) => file.startsWith(`${other}/`)))
  const counts = new Map<string, { source: number; tests: number }>()
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    for (const other of new Set([...text.matchAll(IMPORT)].map(([, imported]) => imported as string))) {
      if (other === name) continue
      const count = counts.get(other) ?? { source: 0, tests: 0 }
      count[/\/test\/|\.test\.ts$/.test(file) ? 'tests' : 'source'] += 1
      counts.set(other, count)
    }
  }
  return counts
}

const { workspaces } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  workspaces: string[]
}
const all = workspaces
  .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: ROOT }))
  .map((file) => {
    const { name } = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as { name: string }
    return { name: name.replace('@quickticket/', ''), directory: dirname(file) }
  })

for (const workspace of all) {
  const imports = [...countImports(all, workspace)].toSorted(([a], [b]) => a.localeCompare(b))
  const ofSource = imports
    .filter(([, { source }]) => source > 0)
    .map(([name, { source }]) => `${name} (${source})`)
  const ofTests = imports
    .filter(([, { source }]) => source === 0)
    .map(([name, { tests }]) => `${name} (${tests})`)
  const tests = ofTests.length > 0 ? `; tests only: ${ofTests.join(', ')}` : ''
  console.log(`${workspace.directory}: ${ofSource.join(', ') || 'none'}${tests}`)
}
