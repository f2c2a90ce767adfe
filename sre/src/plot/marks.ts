import { timeText } from '../text.ts'
import { escapeHtml } from './escaped.ts'
import { cut, placeLabels, RIGHT, WIDTH } from './layout.ts'

/** A moment, or with an end a period, that explains the lines. */
export interface PlotMark {
  /** milliseconds since 1970 */
  at: number
  end?: number
  label: string
  kind: 'alert' | 'deploy' | 'fault' | 'incident' | 'experiment' | 'update'
}

const COLORS: Record<PlotMark['kind'], string> = {
  alert: 'red',
  deploy: 'violet',
  fault: 'amber',
  incident: 'gray',
  experiment: 'teal',
  update: 'gray',
}

const LABEL_ROWS = 4
const LABEL_HEIGHT = 14
const LABEL_CHARACTER_PX = 6

interface Area {
  fromMs: number
  toMs: number
  x(at: number): number
  top: number
  bottom: number
}

/** Bands and lines, then their labels; a label that would cover another one is left to the tooltip. */
export function renderMarks(marks: PlotMark[], { fromMs, toMs, x, top, bottom }: Area): string[] {
  const shown = marks
    .filter(({ at, end = at }) => at <= toMs && end >= fromMs)
    .sort((a, b) => a.at - b.at)
    .map((mark) => ({ ...mark, left: x(Math.max(mark.at, fromMs)) }))
  const shapes = shown.map(({ at, end, label, kind, left }) => {
    const until = end === undefined ? '' : ` to ${timeText(end)}`
    const title = `<title>${escapeHtml(`${kind} ${label}: ${timeText(at)}${until}`)}</title>`
    const width = end === undefined ? 0 : x(Math.min(end, toMs)) - left
    const band =
      width > 0
        ? `<rect class="band" x="${left.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${bottom - top}"/>`
        : ''
    const line =
      at >= fromMs
        ? `<line class="mark" x1="${left.toFixed(1)}" x2="${left.toFixed(1)}" y1="${top}" y2="${bottom}"/>`
        : ''
    return `<g class="${COLORS[kind]}">${title}${band}${line}</g>`
  })
  return [...shapes, ...renderLabels(shown, top)]
}

function renderLabels(marks: (PlotMark & { left: number })[], top: number): string[] {
  const labels = marks.map(({ label, left }) => {
    const text = cut(label, 32)
    const width = text.length * LABEL_CHARACTER_PX
    // at the right border it stands before its line
    return left + 4 + width > WIDTH - RIGHT
      ? { text, x: left - 4 - width, at: left - 4, anchor: ' text-anchor="end"' }
      : { text, x: left + 4, at: left + 4, anchor: '' }
  })
  const rows = placeLabels(labels, LABEL_ROWS)
  return labels.flatMap(({ text, at, anchor }, index) => {
    const [row, mark] = [rows[index], marks[index]]
    if (row === undefined || !mark) return []
    const y = top + (row + 1) * LABEL_HEIGHT - 3
    return `<text class="mark-label ${COLORS[mark.kind]}" x="${at.toFixed(1)}" y="${y}"${anchor}>${escapeHtml(text)}</text>`
  })
}
