import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import { readCommand } from './command.ts'
import { asSvg, asText, perSecond } from './curve.ts'
import { type DrillResult, loseDatabase } from './db-loss.ts'
import { PATHS } from './paths.ts'

const { from, asJson, ...options } = readCommand()
const { title } = PATHS[from]
try {
  report(await loseDatabase(PATHS[from], { ...options, say }))
} catch (error) {
  console.error(`the drill was not finished: ${(error as Error).message}`)
  process.exit(1)
}

function report(result: DrillResult): void {
  const { purchases, lossAtMs, rtoS, rpoS, lostOrders, acknowledgedOrders } = result
  const seconds = perSecond(purchases, lossAtMs)
  const summary = `RTO ${rtoS.toFixed(1)} s, RPO ${rpoS.toFixed(1)} s (${lostOrders} of ${acknowledgedOrders} acknowledged orders lost)`
  const directory = join(REPOSITORY, 'e2e/results')
  const picture = join(directory, `db-loss-${from}.svg`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    picture,
    asSvg(seconds, {
      title: `Failed purchases after the loss of PostgreSQL, ${title}`,
      summary,
      marks: [
        { at: 0, label: 'loss' },
        { at: rtoS, label: `selling again, ${rtoS.toFixed(1)} s` },
      ],
    }),
  )
  if (asJson)
    console.log(JSON.stringify({ from, rtoS, rpoS, lostOrders, acknowledgedOrders, seconds, picture }))
  else console.log(`\n${asText(seconds)}\n\n${title}: ${summary}\n${picture}`)
}

function say(line: string): void {
  console[asJson ? 'error' : 'log'](`${new Date().toISOString().slice(11, 19)} ${line}`)
}
