import type { Socket } from 'node:net'

/** How long a client may leave an answer unread, in milliseconds. */
const UNREAD_TIMEOUT_MS = 30_000
/** The same while the service stops. */
const UNREAD_TIMEOUT_STOPPING_MS = 2000
const CHECK_EVERY_MS = 1000

export interface OpenConnections {
  add(socket: Socket): void
  /** From now on, each connection ends as soon as nothing is under way on it. */
  close(): void
}

interface Reading {
  /** bytes that the client has taken */
  taken: number
  /** milliseconds, as `performance.now()` */
  since: number
}

/**
 * All connections to a server. It disconnects clients that do not read their answers, because these take memory.
 *
 * @param endUnused ends a connection as soon as nothing is under way on it
 */
export function createOpenConnections(endUnused: (socket: Socket) => void): OpenConnections {
  const open = new Set<Socket>()
  const readings = new WeakMap<Socket, Reading>()
  let timer: NodeJS.Timeout | undefined
  let closing = false

  function destroyUnread(): void {
    const timeoutMs = closing ? UNREAD_TIMEOUT_STOPPING_MS : UNREAD_TIMEOUT_MS
    for (const socket of open) {
      if (unreadMs(socket) >= timeoutMs) socket.destroy()
    }
  }

  function unreadMs(socket: Socket): number {
    const now = performance.now()
    const unread = socket.writableLength
    const taken = socket.bytesWritten - unread
    const before = readings.get(socket)
    if (unread > 0 && before?.taken === taken) return now - before.since
    if (unread > 0) readings.set(socket, { taken, since: now })
    else if (before) readings.delete(socket)
    return 0
  }

  function remove(socket: Socket): void {
    open.delete(socket)
    if (open.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    add(socket) {
      // on CONNECT Node.js removes its own listener, and without one an error ends the process
      socket.on('error', () => socket.destroy())
      open.add(socket)
      socket.once('close', () => remove(socket))
      timer ??= setInterval(destroyUnread, CHECK_EVERY_MS).unref()
      if (closing) endUnused(socket)
    },
    close() {
      closing = true
      for (const socket of open) endUnused(socket)
    },
  }
}
