import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createContext } from '../../context.ts'
import { INJECTIONS } from '../injections/all.ts'
import type { Lease } from './watchdog.ts'

// node main.ts LEASE: rolls back what the lease says, when its time is over. The rollback removes the lease.

const LOOK_EVERY_MS = 500
const TRIES = 60
const TRY_EVERY_MS = 5000

const path = process.argv[2] ?? ''
const { kind, data, expiresAt } = JSON.parse(readFileSync(path, 'utf8')) as Lease
const injection = INJECTIONS.find((each) => each.kind === kind)
if (!injection) throw new Error(`there is no injection ${kind}`)
// the one who started it may have been killed by now
process.send?.('runs', undefined, undefined, () => undefined)

while (existsSync(path) && Date.now() < expiresAt) {
  await delay(Math.min(LOOK_EVERY_MS, Math.max(expiresAt - Date.now(), 1)))
}
for (let tries = 0; existsSync(path) && tries < TRIES; tries += 1) {
  if (tries > 0) await delay(TRY_EVERY_MS)
  // the engine may be restarting
  await injection.rollback(createContext(process.env), data).catch(() => undefined)
}
