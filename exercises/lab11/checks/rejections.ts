import { turn } from './clock.ts'

/** The rejections that were not handled while this ran: each of them would end a service. */
export async function unhandledDuring(run: () => Promise<void>): Promise<unknown[]> {
  const unhandled: unknown[] = []
  const collect = (reason: unknown) => void unhandled.push(reason)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', collect)
  try {
    await run()
    await turn()
  } finally {
    process.off('unhandledRejection', collect)
    for (const listener of others) process.on('unhandledRejection', listener)
  }
  return unhandled
}
