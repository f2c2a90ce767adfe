/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959964

/**
 * Wilson's score interval of 95 % for a share.
 *
 * @see https://www.itl.nist.gov/div898/handbook/prc/section2/prc241.htm
 */
export function shareInterval(count: number, n: number): { low: number; high: number } | undefined {
  if (n === 0) return undefined
  const share = count / n
  const center = share + Z ** 2 / (2 * n)
  const half = Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2))
  const scale = 1 + Z ** 2 / n
  return { low: Math.max((center - half) / scale, 0), high: Math.min((center + half) / scale, 1) }
}

/**
 * The two values that the median lies between with 95 % probability or more, whatever the distribution; undefined for fewer than six.
 *
 * @see Conover, Practical Nonparametric Statistics, 3.2
 */
export function medianInterval(values: number[]): { low: number; high: number } | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const n = sorted.length
  let below = 0
  let outside = 0
  // how many of n fair coins show heads
  let probability = 0.5 ** n
  for (let heads = 0; outside + probability <= 0.025; heads += 1) {
    outside += probability
    below = heads + 1
    probability *= (n - heads) / (heads + 1)
  }
  const low = sorted[below - 1]
  const high = sorted[n - below]
  return low === undefined || high === undefined ? undefined : { low, high }
}
