import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCommandLine } from '@quickticket/kit/command-line'
import { REPOSITORY } from './repository.ts'
import { VARIABLE_FILES } from './variable-files.ts'

const USAGE = `npm run variables     writes the tables of ${Object.keys(VARIABLE_FILES).join(' and ')} from the services’ definitions`

readCommandLine({ command: 'npm run variables --', usage: USAGE, options: {} }, () => undefined)
write()

function write(): void {
  for (const [file, fill] of Object.entries(VARIABLE_FILES)) {
    const path = join(REPOSITORY, file)
    writeFileSync(path, fill(readFileSync(path, 'utf8')))
    console.log(`wrote ${file}`)
  }
}
