import type { Subjects } from '../../lab11/shapes.ts'

/** Typical mistakes, and the requirement that finds each. */
export const mistakes = {
  'never fills up again': 'a second later there is room again, no sooner',
  'seconds of the clock': 'the end of one second and the start of the next share the limit',
  'forgets all of them at once': 'room comes back one by one, as those admitted leave the window',
  'counts those that it rejects': 'those that are rejected take no place',
  'one too many': 'as many as the limit are admitted, and no more',
  'one too few': 'as many as the limit are admitted, and no more',
  'half a second': 'a second later there is room again, no sooner',
  'remaining is the limit': 'remaining says how many more fit',
}

export function solve(mistake?: keyof typeof mistakes): Subjects['sliding-window'] {
  return {
    createSlidingWindow(limit) {
      let admittedAt: number[] = []
      const most = limit + (mistake === 'one too many' ? 1 : mistake === 'one too few' ? -1 : 0)
      const windowMs = mistake === 'half a second' ? 500 : 1000

      function forget(nowMs: number): void {
        const isOver = (atMs: number) =>
          mistake === 'seconds of the clock'
            ? Math.floor(atMs / 1000) < Math.floor(nowMs / 1000)
            : nowMs - atMs >= windowMs
        if (mistake === 'never fills up again') return
        if (mistake !== 'forgets all of them at once') admittedAt = admittedAt.filter((at) => !isOver(at))
        else if (admittedAt[0] !== undefined && isOver(admittedAt[0])) admittedAt = []
      }

      return {
        admit(nowMs) {
          forget(nowMs)
          const fits = admittedAt.length < most
          if (fits || mistake === 'counts those that it rejects') admittedAt.push(nowMs)
          return fits
        },
        remaining: () => (mistake === 'remaining is the limit' ? limit : most - admittedAt.length),
      }
    },
  }
}
