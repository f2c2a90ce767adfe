import type { ExerciseName } from './shapes.ts'

/** In the order of the lab; each is one file. */
export const EXERCISES: ExerciseName[] = [
  'notifications',
  'notifier',
  'is-transient',
  'retry',
  'breaker',
  'sliding-window',
  'rate-limit',
  'bulkhead',
  'pay',
]
