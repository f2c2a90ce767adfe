import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { usageError } from '@quickticket/kit/usage'
import { fromRoot, grafanaFiles } from './files.ts'

const USAGE =
  'npm run dashboards     writes the dashboards, data sources and alerts of Grafana from monitoring/src'

if (isHelp()) console.log(USAGE)
else write()

/** Ends the process when there are other arguments. */
function isHelp(): boolean {
  try {
    return parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } }).values.help
  } catch (error) {
    console.error(usageError(error, 'npm run dashboards --'))
    process.exit(2)
  }
}

function write(): void {
  for (const [file, content] of Object.entries(grafanaFiles())) {
    writeFileSync(fromRoot(file), content)
    console.log(`wrote ${file}`)
  }
}
