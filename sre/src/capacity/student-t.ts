/**
 * The t that a Student's variable stays below with a probability, by bisection.
 *
 * @param probability above 0.5 and below 1, such as 0.975 for a two-sided interval of 95 %
 * @param degrees of freedom, a whole number from 1
 */
export function studentQuantile(probability: number, degrees: number): number {
  const within = 2 * probability - 1
  let low = 0
  let high = 1
  while (shareWithin(high, degrees) < within) high *= 2
  for (let halving = 0; halving < 60; halving += 1) {
    const middle = (low + high) / 2
    if (shareWithin(middle, degrees) < within) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * A(t|ν), the probability of a value from −t to t.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 (odd ν) and 26.7.4 (even ν)
 */
function shareWithin(t: number, degrees: number): number {
  const theta = Math.atan(t / Math.sqrt(degrees))
  const sine = Math.sin(theta)
  const cosine = Math.cos(theta)
  const even = degrees % 2 === 0
  let term = even ? 1 : cosine
  let sum = degrees === 1 ? 0 : term
  for (let k = even ? 2 : 3; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cosine ** 2
    sum += term
  }
  return even ? sine * sum : (2 / Math.PI) * (theta + sine * sum)
}
