import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from '../../context.ts'
import { CannotTell } from '../../verb.ts'

const PROGRAM = fileURLToPath(new URL('main.ts', import.meta.url))

/** What the watchdog reads. It ends without doing anything when this file is gone. */
export interface Lease {
  kind: string
  data: unknown
  /** milliseconds since 1970 */
  expiresAt: number
}

/** The name of a lease, which a rollback needs to end the watchdog. */
export function newLease(): string {
  return randomUUID()
}

/**
 * Starts a process of its own that rolls an injection back at its end, whatever becomes of this process. Returns when it runs.
 *
 * @throws {CannotTell} when it does not start
 */
export async function startWatchdog(context: Context, name: string, lease: Lease): Promise<void> {
  const path = leasePath(context, name)
  mkdirSync(join(context.dataDir, 'leases'), { recursive: true })
  writeFileSync(path, JSON.stringify(lease), { mode: 0o600 })
  const { SRE_SYSTEM: _, ...env } = context.env
  const child = spawn(process.execPath, [PROGRAM, path], {
    // in a session of its own, so that neither Ctrl-C nor the end of the terminal reaches it
    detached: true,
    cwd: '/',
    env: { ...env, SRE_SYSTEM: context.system, SRE_DATA_DIR: context.dataDir },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const started = await Promise.race([
    once(child, 'message').then(() => true),
    once(child, 'exit').then(() => false),
    once(child, 'error').then(() => false),
  ])
  if (!started) {
    rmSync(path, { force: true })
    throw new CannotTell('The watchdog that ends an injection does not start', PROGRAM)
  }
  child.disconnect()
  child.unref()
}

/** After a rollback: the watchdog has nothing left to do. */
export function endWatchdog(context: Context, name: string): void {
  rmSync(leasePath(context, name), { force: true })
}

function leasePath({ dataDir }: Context, name: string): string {
  return join(dataDir, 'leases', `${name}.json`)
}
