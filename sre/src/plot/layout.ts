export const WIDTH = 960
export const LEFT = 60
export const RIGHT = 16
/** about what a character of 12 px takes */
const CHARACTER_PX = 6.6

export interface Placed {
  text: string
  x: number
  row: number
}

/** Texts side by side in as many rows as they need. @param textX where a row begins @param iconPx what precedes each text */
export function placeInRows(texts: string[], textX: number, iconPx: number): Placed[] {
  let x = textX
  let row = 0
  return texts.map((text) => {
    const width = iconPx + text.length * CHARACTER_PX + 18
    if (x > textX && x + width > WIDTH - RIGHT) {
      x = textX
      row += 1
    }
    const placed = { text, x, row }
    x += width
    return placed
  })
}

/** The row for each label so that labels in one row do not overlap; undefined where `rows` are not enough. */
export function placeLabels(labels: { x: number; text: string }[], rows: number): (number | undefined)[] {
  const ends: number[] = Array.from({ length: rows }, () => -Infinity)
  return labels.map(({ x, text }) => {
    const row = ends.findIndex((end) => end <= x)
    if (row < 0) return undefined
    ends[row] = x + text.length * CHARACTER_PX + 8
    return row
  })
}

/** The text, cut to what a legend has room for. */
export function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text
}

/** Runs of points that follow each other; a gap of more than one and a half steps, or a value that is no number, ends a run. */
export function withoutGaps(points: PlotPoint[]): PlotPoint[][] {
  const steps = points.slice(1).map(({ at }, index) => at - (points[index] as PlotPoint).at)
  const usual = steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
  const runs: PlotPoint[][] = []
  let previous: PlotPoint | undefined
  for (const point of points) {
    if (!Number.isFinite(point.value)) {
      previous = undefined
      continue
    }
    if (previous && point.at - previous.at <= usual * 1.5) runs.at(-1)?.push(point)
    else runs.push([point])
    previous = point
  }
  return runs
}

export interface PlotPoint {
  /** milliseconds since 1970 */
  at: number
  value: number
}
