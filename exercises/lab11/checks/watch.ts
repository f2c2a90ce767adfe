/** What became of a call so far, for checks that must not wait for one that never ends. */
export interface Watched<T> {
  state: 'pending' | 'done' | 'failed'
  value?: T
  error?: unknown
}

export function watch<T>(call: () => Promise<T>): Watched<T> {
  const watched: Watched<T> = { state: 'pending' }
  Promise.resolve()
    .then(call)
    .then(
      (value) => Object.assign(watched, { state: 'done', value }),
      (error: unknown) => Object.assign(watched, { state: 'failed', error }),
    )
  return watched
}
