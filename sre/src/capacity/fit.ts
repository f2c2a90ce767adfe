import { studentQuantile } from './student-t.ts'

export interface Point {
  x: number
  y: number
}

/** A straight line through points. */
export interface Fit {
  n: number
  slope: number
  intercept: number
  /** the share of the variance that the line explains, from 0 to 1 */
  r2: number
  /** the standard deviation of what is left, with n − 2 degrees of freedom */
  residual: number
  /** of neighbouring residuals; near 1: they hold less than n independent ones */
  autocorrelation: number
  /** the points that count as independent, at most n */
  independent: number
  meanX: number
  meanY: number
  /** the sum of the squares of x − meanX */
  sxx: number
  fromX: number
  toX: number
}

export interface Interval {
  value: number
  low: number
  high: number
}

const CONFIDENCE = 0.95

/**
 * Ordinary least squares; the points must be in the order of their time.
 *
 * @returns undefined for fewer than three points, or when all have the same x
 * @see https://www.itl.nist.gov/div898/handbook/pmd/section4/pmd431.htm
 */
export function fitLine(points: Point[]): Fit | undefined {
  const n = points.length
  const meanX = sumOf(points, ({ x }) => x) / n
  const meanY = sumOf(points, ({ y }) => y) / n
  const sxx = sumOf(points, ({ x }) => (x - meanX) ** 2)
  if (n < 3 || !(sxx > 0)) return undefined
  const slope = sumOf(points, ({ x, y }) => (x - meanX) * (y - meanY)) / sxx
  const residuals = points.map(({ x, y }) => y - meanY - slope * (x - meanX))
  const left = residuals.reduce((sum, one) => sum + one ** 2, 0)
  const syy = sumOf(points, ({ y }) => (y - meanY) ** 2)
  const xs = points.map(({ x }) => x)
  return {
    n,
    slope,
    intercept: meanY - slope * meanX,
    r2: syy > 0 ? Math.max(1 - left / syy, 0) : 1,
    residual: Math.sqrt(left / (n - 2)),
    ...dependenceOf(residuals, left),
    meanX,
    meanY,
    sxx,
    fromX: Math.min(...xs),
    toX: Math.max(...xs),
  }
}

/**
 * Where a new value at x is expected, and where it lies with 95 % probability: ŷ ± t·s·√(1 + 1/n + (x − x̄)²/Sxx). Residuals that
 * are alike widen what n and Sxx narrow.
 *
 * @see https://www.itl.nist.gov/div898/handbook/pmd/section5/pmd521.htm
 */
export function predict(fit: Fit, x: number): Interval {
  const { n, meanX, meanY, slope, sxx, residual, independent } = fit
  const value = meanY + slope * (x - meanX)
  const fewer = n / independent
  const half = tOf(fit) * residual * Math.sqrt(1 + fewer / n + (fewer * (x - meanX) ** 2) / sxx)
  return { value, low: value - half, high: value + half }
}

/** The slope with its confidence interval of 95 %. */
export function slopeOf(fit: Fit): Interval {
  const { slope, residual, sxx, n, independent } = fit
  const half = tOf(fit) * residual * Math.sqrt(n / independent / sxx)
  return { value: slope, low: slope - half, high: slope + half }
}

function tOf({ independent }: Fit): number {
  return studentQuantile((1 + CONFIDENCE) / 2, Math.max(Math.floor(independent) - 2, 1))
}

/**
 * The effective number of points, n·(1 − ρ)/(1 + ρ), when the lag-1 autocorrelation is beyond chance (Bartlett's 2/√n).
 *
 * @see Storch and Zwiers, Statistical Analysis in Climate Research, 6.6.8
 */
function dependenceOf(residuals: number[], squares: number) {
  const n = residuals.length
  const products = residuals.slice(1).reduce((sum, one, index) => sum + one * (residuals[index] ?? 0), 0)
  const autocorrelation = squares > 0 ? products / squares : 0
  const beyondChance = autocorrelation > 2 / Math.sqrt(n)
  const independent = beyondChance ? Math.max((n * (1 - autocorrelation)) / (1 + autocorrelation), 3) : n
  return { autocorrelation, independent }
}

function sumOf(points: Point[], value: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + value(point), 0)
}
