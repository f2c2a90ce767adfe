import type { Check } from '../src/check.ts'
import { checks as breaker } from './checks/breaker.ts'
import { checks as bulkhead } from './checks/bulkhead.ts'
import { checks as isTransient } from './checks/is-transient.ts'
import { checks as notifications } from './checks/notifications.ts'
import { checks as notifier } from './checks/notifier.ts'
import { checks as pay } from './checks/pay.ts'
import { checks as rateLimit } from './checks/rate-limit.ts'
import { checks as retry } from './checks/retry.ts'
import { checks as slidingWindow } from './checks/sliding-window.ts'
import type { ExerciseName, Subjects } from './shapes.ts'

/** What is checked of each file, in the order of the lab. */
export const checksOf: { [Name in ExerciseName]: Check<Subjects[Name]>[] } = {
  notifications,
  notifier,
  'is-transient': isTransient,
  retry,
  breaker,
  'sliding-window': slidingWindow,
  'rate-limit': rateLimit,
  bulkhead,
  pay,
}
