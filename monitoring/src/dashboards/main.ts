import { writeFileSync } from 'node:fs'
import { fromRoot, grafanaFiles } from './files.ts'

for (const [file, content] of Object.entries(grafanaFiles())) {
  writeFileSync(fromRoot(file), content)
  console.log(`wrote ${file}`)
}
