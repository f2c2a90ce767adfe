import type { Injection } from '../injection.ts'
import { kill, pause, stop } from './container.ts'
import { faults } from './faults.ts'
import { network } from './network.ts'
import { pods } from './pods.ts'
import { pressure } from './pressure.ts'
import { redisFlush } from './redis-flush.ts'
import { scale } from './scale.ts'
import { table } from './table.ts'
import { variable } from './variable.ts'

/** Everything that an action of an experiment can do. */
export const INJECTIONS: Injection[] = [
  faults,
  variable,
  stop,
  kill,
  pause,
  pods,
  scale,
  network,
  pressure,
  redisFlush,
  table,
] as Injection[]
