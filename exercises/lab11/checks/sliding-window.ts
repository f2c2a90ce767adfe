import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { Subjects } from '../shapes.ts'

/** What a window of three a second says at these times. */
function admitted({ createSlidingWindow }: Subjects['sliding-window'], ...timesMs: number[]): boolean[] {
  const window = createSlidingWindow(3)
  return timesMs.map((ms) => window.admit(ms))
}

export const checks: Check<Subjects['sliding-window']>[] = [
  {
    requires: 'as many as the limit are admitted, and no more',
    verify(subject) {
      expect(admitted(subject, 0, 1, 2, 3, 4), 'five at once').toEqual([true, true, true, false, false])
    },
  },
  {
    requires: 'a second later there is room again, no sooner',
    verify(subject) {
      expect(
        admitted(subject, 0, 1, 2, 500, 999, 1003),
        'three, then one after 500, 999 and 1003 ms',
      ).toEqual([true, true, true, false, false, true])
    },
  },
  {
    requires: 'room comes back one by one, as those admitted leave the window',
    verify(subject) {
      expect(
        admitted(subject, 0, 400, 800, 1001, 1002, 1401, 1402),
        'at 0, 400, 800, then twice each',
      ).toEqual([true, true, true, true, false, true, false])
    },
  },
  {
    requires: 'the end of one second and the start of the next share the limit',
    verify(subject) {
      expect(admitted(subject, 900, 950, 999, 1001, 1500, 1850), 'three before 1000 ms, three after').toEqual(
        [true, true, true, false, false, false],
      )
    },
  },
  {
    requires: 'those that are rejected take no place',
    verify(subject) {
      expect(admitted(subject, 0, 1, 2, 600, 700, 800, 1100), 'three more were refused in between').toEqual([
        true,
        true,
        true,
        false,
        false,
        false,
        true,
      ])
    },
  },
  {
    requires: 'remaining says how many more fit',
    verify({ createSlidingWindow }) {
      const window = createSlidingWindow(3)
      const remaining = [0, 1, 2, 3, 1500].map((ms) => {
        window.admit(ms)
        return window.remaining()
      })
      expect(remaining, 'after each of five, the last 1.5 s later').toEqual([2, 1, 0, 0, 2])
    },
  },
]
