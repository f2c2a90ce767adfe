import type { FaultKind } from './effect.ts'
import { cpu } from './kinds/cpu.ts'
import { dbPoolLeak } from './kinds/db-pool-leak.ts'
import { hang } from './kinds/hang.ts'
import { latency } from './kinds/latency.ts'
import { lostResponse } from './kinds/lost-response.ts'
import { memory } from './kinds/memory.ts'
import { reset } from './kinds/reset.ts'
import { status } from './kinds/status.ts'
import { truncate } from './kinds/truncate.ts'

const ALL = [status, latency, reset, hang, lostResponse, truncate, cpu, memory, dbPoolLeak] as const

export type KindName = (typeof ALL)[number]['name']

export interface Kind extends FaultKind {
  name: KindName
}

/** In the order in which messages list them. */
export const KINDS: readonly Kind[] = ALL
