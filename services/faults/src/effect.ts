import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LeakyPool } from './kinds/db-pool-leak.ts'
import type { Random } from './random.ts'
import type { TextSpan } from './text-span.ts'

/** A kind of fault: its name, how its argument reads, and what it does. Each has a file in `kinds/`. */
export interface FaultKind {
  name: string
  /** shown when the argument is missing; undefined: the kind takes none */
  example?: string
  /** It needs the connections of a database. */
  needsPool?: boolean
  /** It is for the process, not for requests: a rule has no method and no path, and may have no share. */
  isForProcess?: boolean
  /**
   * Called once for each rule, so that an effect may keep state.
   *
   * @throws {FaultSyntaxError}
   */
  read(argument: TextSpan): Effect
}

/** What a fault does, by the stage at which it does it. */
export type Effect = DelayEffect | RequestEffect | ResponseEffect | ProcessEffect

/** Delays a request. */
export interface DelayEffect {
  stage: 'delay'
  sampleMs(random: Random): number
}

/** Acts before the handler runs. */
export interface RequestEffect {
  stage: 'request'
  strike(struck: StruckRequest): void
  /** Called when the rule ends, also if it never struck. */
  end?(): void
}

/** Acts after the handler, before the response is sent. */
export interface ResponseEffect {
  stage: 'response'
  /** @returns whether the response was cut off: nothing more is sent */
  strike(request: FastifyRequest, reply: FastifyReply, payload: unknown): boolean
}

/** Acts on the process while the rule is in its window. */
export interface ProcessEffect {
  stage: 'process'
  begin(share: number): void
  /** Called when the rule ends, also if it never began. */
  end(): void
}

export interface StruckRequest {
  request: FastifyRequest
  reply: FastifyReply
  /** undefined: the service has no database */
  pool: LeakyPool | undefined
  /** whether the answer must not show that the fault was injected */
  sealed: boolean
  /** aborted when the service stops */
  stopping: AbortSignal
  /** Counts the fault and logs it. */
  report(details?: object): void
  /** Continues with the handler, or answers with the error. */
  proceed(error?: Error): void
}
