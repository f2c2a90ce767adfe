import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../docker.ts'
import { asSvg, asText, perSecond } from './curve.ts'
import { loseDatabase } from './db-loss.ts'
import { PATHS } from './paths.ts'

const USAGE = `npm run drill -- db-loss [--from dump|pitr] [--rps N] [--wait SECONDS] [--archive-timeout SECONDS]

Starts QuickTicket in containers of its own, takes PostgreSQL away with its data while people buy, and brings it back from a
dump or from the archive of changes. Prints how long nobody could buy (RTO), which acknowledged orders are gone (RPO) and
how many purchases failed in each second; the same as a picture is in e2e/results. Needs Docker.

  --from             dump: the last dump; pitr: the last copy of the files, and all changes that were archived; default dump
  --rps              purchases in a second; default 10
  --wait             seconds from the backup to the loss; default 15
  --archive-timeout  seconds after which changes are archived at the latest; default 5`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string', default: 'dump' },
    rps: { type: 'string', default: '10' },
    wait: { type: 'string', default: '15' },
    'archive-timeout': { type: 'string', default: '5' },
    help: { type: 'boolean' },
  },
})
const path = values.from === 'dump' || values.from === 'pitr' ? PATHS[values.from] : undefined
const numbers = [values.rps, values.wait, values['archive-timeout']].map(Number)
const [rps = 0, wait = 0, archiveTimeoutS = 0] = numbers
if (values.help || positionals.join(' ') !== 'db-loss' || !path || numbers.some((value) => !(value > 0))) {
  console.log(USAGE)
  process.exit(values.help ? 0 : 2)
}

const result = await loseDatabase(path, {
  perSecond: rps,
  secondsAfterBackup: wait,
  archiveTimeoutS,
  say: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
})
const { purchases, lossAtMs, rtoS, rpoS, lostOrders, acknowledgedOrders } = result
const seconds = perSecond(purchases, lossAtMs)
const summary = `RTO ${rtoS.toFixed(1)} s, RPO ${rpoS.toFixed(1)} s (${lostOrders} of ${acknowledgedOrders} acknowledged orders lost)`
const directory = join(ROOT, 'e2e/results')
const picture = join(directory, `db-loss-${values.from}.svg`)
mkdirSync(directory, { recursive: true })
writeFileSync(
  picture,
  asSvg(seconds, `Failed purchases after the loss of PostgreSQL, ${path.title}: ${summary}`, [
    { at: 0, label: 'loss' },
    { at: rtoS, label: `selling again, ${rtoS.toFixed(1)} s` },
  ]),
)
console.log(`\n${asText(seconds)}\n\n${path.title}: ${summary}\n${picture}`)
