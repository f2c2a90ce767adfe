import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readStoreVariables } from './store-variables.ts'

// node local/src/with-stores.ts PROGRAM ARGUMENT…: runs a command of this project on the stores of the running npm start

process.argv.splice(1, 1)
const [, program = '', ...args] = process.argv
const asksForHelp = args.includes('--help') || args.includes('-h')
try {
  if (!asksForHelp) Object.assign(process.env, await readStoreVariables(process.env))
} catch (error) {
  console.error((error as Error).message)
  process.exit(2)
}
await import(pathToFileURL(resolve(program)).href)
