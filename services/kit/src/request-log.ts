import type { FastifyBaseLogger } from 'fastify'
import type { Trace } from './trace.ts'

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** A log whose lines say which request they belong to. A child of pino's says the same, and costs more than a line. */
export function requestLog(log: FastifyBaseLogger, { requestId, traceId }: Trace): FastifyBaseLogger {
  return new RequestLog(log, { request_id: requestId, trace_id: traceId }) as unknown as FastifyBaseLogger
}

class RequestLog {
  #log: FastifyBaseLogger
  #ids: object

  constructor(log: FastifyBaseLogger, ids: object) {
    this.#log = log
    this.#ids = ids
  }

  get level() {
    return this.#log.level
  }

  trace(first: unknown, ...rest: unknown[]): void {
    this.#write('trace', first, rest)
  }
  debug(first: unknown, ...rest: unknown[]): void {
    this.#write('debug', first, rest)
  }
  info(first: unknown, ...rest: unknown[]): void {
    this.#write('info', first, rest)
  }
  warn(first: unknown, ...rest: unknown[]): void {
    this.#write('warn', first, rest)
  }
  error(first: unknown, ...rest: unknown[]): void {
    this.#write('error', first, rest)
  }
  fatal(first: unknown, ...rest: unknown[]): void {
    this.#write('fatal', first, rest)
  }
  silent(): void {}

  child(bindings: object, options?: object): FastifyBaseLogger {
    return this.#log.child({ ...this.#ids, ...bindings }, options)
  }

  /** Fields and a message, an error and perhaps a message, or a message alone: what pino takes. */
  #write(level: Level, first: unknown, rest: unknown[]): void {
    const log = this.#log as unknown as Record<Level, (...args: unknown[]) => void>
    if (first instanceof Error) {
      const [message = first.message, ...values] = rest
      log[level]({ ...this.#ids, err: first }, message, ...values)
    } else if (typeof first === 'object') log[level]({ ...this.#ids, ...first }, ...rest)
    else log[level](this.#ids, first, ...rest)
  }
}
