import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readCommandLine } from '@quickticket/kit/command-line'
import { MONITORING, sloFiles } from './files.ts'
import { writeScaled } from './time-scale.ts'

const USAGE = `npm run slo                                   writes monitoring/prometheus/rules/slo-*.yml
npm run slo -- --time-scale 120 --out DIR     writes all of monitoring/prometheus and monitoring/alertmanager to DIR,
                                              every window, interval and waiting time divided by 120`

const { values } = readCommandLine(
  {
    command: 'npm run slo --',
    usage: USAGE,
    options: { 'time-scale': { type: 'string' }, out: { type: 'string' } },
  },
  (parsed) => parsed,
)
try {
  if (values['time-scale'] === undefined && values.out === undefined) writeRules()
  else writeScaled(values.out ?? fail('--out must name a directory'), scaleOf(values['time-scale']))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}

function writeRules(): void {
  const rules = join(MONITORING, 'prometheus/rules')
  const files = sloFiles()
  for (const old of readdirSync(rules)) {
    if (/^slo-.*\.yml$/.test(old) && !files.has(old)) rmSync(join(rules, old))
  }
  for (const [name, text] of files) {
    writeFileSync(join(rules, name), text)
    console.log(relative(process.cwd(), join(rules, name)))
  }
}

function scaleOf(text = ''): number {
  const scale = Number(text)
  if (scale >= 1 && scale <= 600) return scale
  return fail(`--time-scale="${text}" must be a number from 1 to 600`)
}

function fail(message: string): never {
  throw new Error(`${message}\n\n${USAGE}`)
}
