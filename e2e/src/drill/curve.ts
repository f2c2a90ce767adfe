import type { Purchase } from './purchases.ts'

/** One second of a drill. */
export interface Second {
  /** from the loss; negative before it */
  at: number
  failed: number
  total: number
}

/** How many purchases ended in each second, and how many of them failed. */
export function perSecond(purchases: Purchase[], lossAtMs: number): Second[] {
  const seconds = new Map<number, Second>()
  for (const { endedAtMs, ok } of purchases) {
    const at = Math.floor((endedAtMs - lossAtMs) / 1000)
    const second = seconds.get(at) ?? { at, failed: 0, total: 0 }
    seconds.set(at, { at, failed: second.failed + (ok ? 0 : 1), total: second.total + 1 })
  }
  const [first, last] = [Math.min(...seconds.keys()), Math.max(...seconds.keys())]
  return Array.from({ length: last - first + 1 }, (_, index) => {
    return seconds.get(first + index) ?? { at: first + index, failed: 0, total: 0 }
  })
}

/** A line for each second, with a bar of the share that failed. */
export function asText(seconds: Second[]): string {
  return seconds
    .map(({ at, failed, total }) => {
      const share = total === 0 ? 0 : failed / total
      const percent = total === 0 ? '   -' : `${Math.round(share * 100)}%`.padStart(4)
      return `${`${at} s`.padStart(6)}  ${percent}  ${`${failed}/${total}`.padEnd(7)} ${'█'.repeat(Math.round(share * 40))}`
    })
    .join('\n')
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 236, 44, 30, 42]

interface Captions {
  title: string
  summary: string
  marks: { at: number; label: string }[]
}

/** The same as a picture: the share of failed purchases over time, with marks. */
export function asSvg(seconds: Second[], { title, summary, marks }: Captions): string {
  const first = seconds[0]?.at ?? 0
  const span = Math.max(seconds.length, 1)
  const x = (at: number) => LEFT + ((at - first) / span) * (WIDTH - LEFT - 10)
  const y = (share: number) => HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
  const step = seconds
    .map(({ at, failed, total }) => {
      const level = y(total === 0 ? 0 : failed / total).toFixed(1)
      return `${x(at).toFixed(1)},${level} ${x(at + 1).toFixed(1)},${level}`
    })
    .join(' ')
  const grid = [0, 0.5, 1].map(
    (share) =>
      `<line x1="${LEFT}" x2="${WIDTH - 10}" y1="${y(share)}" y2="${y(share)}" stroke="#ddd"/><text x="${LEFT - 6}" y="${y(share) + 4}" text-anchor="end">${share * 100}%</text>`,
  )
  const ticks = seconds
    .filter(({ at }) => at % 5 === 0)
    .map(({ at }) => `<text x="${x(at).toFixed(1)}" y="${HEIGHT - 10}" text-anchor="middle">${at} s</text>`)
  const lines = marks.map(
    ({ at, label }, index) =>
      `<line x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#06c" stroke-dasharray="4 3"/><text x="${(x(at) + 4).toFixed(1)}" y="${TOP + 12 + 14 * index}" fill="#06c">${label}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="16" font-size="13">${title}</text>
<text x="${LEFT}" y="32">${summary}</text>
${[...grid, ...ticks, ...lines].join('\n')}
<polyline points="${step}" fill="none" stroke="#c00" stroke-width="2"/>
</svg>
`
}
