import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { CannotTell } from '../../verb.ts'

const TIMEOUT_MS = 20_000

/**
 * What is wrong with the runbooks. In a thread of its own, because it waits for a shell for each step, and a server answers meanwhile.
 *
 * @throws {CannotTell} when that takes longer than 20 s
 */
export async function lintRunbooks(): Promise<string[]> {
  const worker = new Worker(new URL('./lint-worker.ts', import.meta.url))
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const [faults] = (await once(worker, 'message', { signal })) as [string[]]
    return faults
  } catch (error) {
    if (!signal.aborted) throw error
    throw new CannotTell(`The runbooks were not read within ${TIMEOUT_MS / 1000} s`, 'docs/runbooks')
  } finally {
    await worker.terminate()
  }
}
