import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

// node services/warm-up.ts services/events/src/server.ts
//
// Starts a service and stops it again, so that its compiled code is in NODE_COMPILE_CACHE. For the build of an image: the
// service's dependencies need not be there.

const LIVEZ = `http://127.0.0.1:${process.env.PORT}/livez`
const INTERVAL_MS = 50

const service = spawn(process.execPath, [String(process.argv[2])], { stdio: ['ignore', 'ignore', 'inherit'] })
const ended = once(service, 'exit')
while (service.exitCode === null && !(await isAlive())) await delay(INTERVAL_MS)
service.kill()
const [exitCode] = await ended
process.exitCode = exitCode ?? 1

async function isAlive(): Promise<boolean> {
  return fetch(LIVEZ).then(
    ({ ok }) => ok,
    () => false,
  )
}
