import { writeFileSync } from 'node:fs'
import { readCommandLine } from '@quickticket/kit/command-line'
import { fromRoot, grafanaFiles } from './files.ts'

const USAGE =
  'npm run dashboards     writes the dashboards, data sources and alerts of Grafana from monitoring/src'

readCommandLine({ command: 'npm run dashboards --', usage: USAGE, options: {} }, () => undefined)
for (const [file, content] of Object.entries(grafanaFiles())) {
  writeFileSync(fromRoot(file), content)
  console.log(`wrote ${file}`)
}
