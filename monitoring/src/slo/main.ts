import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { isUsageError, usageError } from '@quickticket/kit/usage'
import { MONITORING, sloFiles } from './files.ts'
import { writeScaled } from './time-scale.ts'

const USAGE = `npm run slo                                   writes monitoring/prometheus/rules/slo-*.yml
npm run slo -- --time-scale 120 --out DIR     writes all of monitoring/prometheus and monitoring/alertmanager to DIR,
                                              every window, interval and waiting time divided by 120`

try {
  const { values } = parseArgs({
    options: {
      'time-scale': { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) console.log(USAGE)
  else if (values['time-scale'] === undefined && values.out === undefined) writeRules()
  else writeScaled(values.out ?? fail('--out must name a directory'), scaleOf(values['time-scale']))
} catch (error) {
  console.error(isUsageError(error) ? usageError(error, 'npm run slo --') : (error as Error).message)
  process.exitCode = isUsageError(error) ? 2 : 1
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
