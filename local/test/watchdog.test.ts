import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRunning } from '../src/processes.ts'
import { waitUntil } from '../src/wait.ts'
import { endLeftovers } from '../src/watchdog.ts'

/** A process of its own that starts one ordinary, one paused and one deaf child, and tells their pids. */
async function startOwner(recordFile?: string) {
  const watchdogModule = JSON.stringify(new URL('../src/watchdog.ts', import.meta.url).href)
  const owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { startWatchdog } from ${watchdogModule}
       const watchdog = await startWatchdog(${JSON.stringify(recordFile)})
       const start = (script) => watchdog.spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] }, 'SIGTERM')
       const children = await Promise.all([start('exec sleep 600'), start('exec sleep 600'), start("trap '' TERM; echo deaf; while :; do sleep 1; done")])
       await new Promise((resolve) => children[2].stdout.once('data', resolve))
       process.kill(children[1].pid, 'SIGSTOP')
       console.log(JSON.stringify(children.map((child) => child.pid)))
       setInterval(() => {}, 1000)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [line] = await once(owner.stdout, 'data')
  return { owner, pids: JSON.parse(String(line)) as number[] }
}

test('when its owner is killed, every child is ended: ordinary, paused and deaf ones', async () => {
  const { owner, pids } = await startOwner()
  expect(pids.map((pid) => isRunning(pid))).toEqual([true, true, true])
  owner.kill('SIGKILL')
  expect(await waitUntil(() => pids.every((pid) => !isRunning(pid)), 15_000)).toBe(true)
})

test('when the watchdog is killed too, the next start ends what is left', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'quickticket-'))
  const recordFile = join(dir, 'processes.json')
  const { owner, pids } = await startOwner(recordFile)
  const { watchdog } = JSON.parse(readFileSync(recordFile, 'utf8'))
  process.kill(watchdog.pid, 'SIGKILL')
  owner.kill('SIGKILL')
  await endLeftovers(recordFile)
  expect(pids.filter((pid) => isRunning(pid))).toEqual([])
  rmSync(dir, { recursive: true })
})
