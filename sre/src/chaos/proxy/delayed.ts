import { Transform } from 'node:stream'

/** A link's quality. Times in milliseconds. */
export interface Link {
  latencyMs: number
  /** each chunk takes up to this much longer or shorter, uniformly */
  jitterMs: number
  /** from 0 to 1: how many chunks are lost and sent again */
  loss: number
}

/** The shortest time after which Linux sends a lost segment again; it doubles each time. */
const RETRANSMISSION_MS = 200
const MOST_RETRANSMISSIONS = 15

/** How long a chunk is under way. A lost one comes late, as TCP sends it again. */
export function delayOf({ latencyMs, jitterMs, loss }: Link, random: () => number): number {
  let ms = Math.max(0, latencyMs + (random() * 2 - 1) * jitterMs)
  for (let lost = 0; lost < MOST_RETRANSMISSIONS && random() < loss; lost += 1) {
    ms += RETRANSMISSION_MS * 2 ** lost
  }
  return ms
}

/** Passes on what comes in, in its order, each chunk after its time under way. */
export function createDelay(link: Link, random: () => number = Math.random): Transform {
  /** oldest first; a timer for each would not keep the order of chunks that are due at the same time */
  const underWay: { chunk: Buffer; dueAt: number }[] = []
  let timer: NodeJS.Timeout | undefined
  let last = 0
  let whenDone: (() => void) | undefined

  const delay = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // as in TCP, what comes later waits for what was lost
      last = Math.max(last, performance.now() + delayOf(link, random))
      underWay.push({ chunk, dueAt: last })
      timer ??= wait()
      done()
    },
    flush(done) {
      if (underWay.length === 0) done()
      else whenDone = done
    },
    destroy(error, done) {
      clearTimeout(timer)
      done(error)
    },
  })

  function wait(): NodeJS.Timeout | undefined {
    const [next] = underWay
    return next && setTimeout(deliver, Math.max(0, next.dueAt - performance.now()))
  }

  function deliver(): void {
    for (let next = underWay[0]; next && next.dueAt <= performance.now(); next = underWay[0]) {
      underWay.shift()
      delay.push(next.chunk)
    }
    timer = wait()
    if (underWay.length === 0) whenDone?.()
  }

  return delay
}
