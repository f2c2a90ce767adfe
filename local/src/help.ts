import { parseArgs } from 'node:util'
import { firstSentence } from './help-texts.ts'
import { SCRIPTS } from './scripts.ts'

try {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })
  console.log(values.json ? JSON.stringify(SCRIPTS) : asText())
} catch (error) {
  console.error(`${firstSentence(error)}; npm run help -- --help says more`)
  process.exitCode = 2
}

function asText(): string {
  const groups = SCRIPTS.map(({ title, scripts }) => {
    const lines = Object.entries(scripts).map(([name, summary]) => `  ${asTyped(name).padEnd(26)} ${summary}`)
    return [title, ...lines].join('\n')
  })
  return `${groups.join('\n\n')}\n\nEach has -- --help; npm run local -- completion bash|zsh|fish completes the parts of the running system.`
}

function asTyped(name: string): string {
  return name === 'start' || name === 'test' ? `npm ${name}` : `npm run ${name}`
}
