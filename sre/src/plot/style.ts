export const SERIES_COLORS = ['blue', 'teal', 'violet', 'amber', 'pink', 'gray'] as const

/**
 * Every rule begins with the plot's own class, because a `<style>` in an SVG applies to the whole page that the SVG is embedded in.
 * The variables are the plot's own too; a page can set them for `.time-plot` more specifically.
 */
export const PLOT_STYLE = `
.time-plot { color-scheme: light dark; --tp-card: #fff; --tp-text: #1b2330; --tp-soft: #5d6878; --tp-grid: #e3e7ed;
  --tp-blue: #2563c9; --tp-teal: #15807a; --tp-amber: #a96a00; --tp-red: #c8322b; --tp-violet: #7a4fc4; --tp-pink: #b8327f; --tp-gray: #6b7788;
  font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums }
@media (prefers-color-scheme: dark) { .time-plot { --tp-card: #1a202a; --tp-text: #e6eaf0; --tp-soft: #9aa6b7; --tp-grid: #2b3442;
  --tp-blue: #6ea8ff; --tp-teal: #4cc4b9; --tp-amber: #e8b04b; --tp-red: #ff7a70; --tp-violet: #b596f5; --tp-pink: #f291c7; --tp-gray: #97a3b4 } }
.time-plot .card { fill: var(--tp-card) }
.time-plot text { fill: var(--tp-soft) }
.time-plot .title { fill: var(--tp-text); font-size: 15px; font-weight: 650 }
.time-plot .grid { stroke: var(--tp-grid) }
.time-plot .line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
.time-plot .dashed { stroke-dasharray: 5 5 }
.time-plot .dot { fill: var(--c) }
.time-plot .limit { stroke: var(--tp-red); stroke-width: 1.5; stroke-dasharray: 2 4 }
.time-plot .limit-label { fill: var(--tp-red) }
.time-plot .band { fill: var(--c); fill-opacity: .14 }
.time-plot .mark { stroke: var(--c); stroke-width: 1.5 }
.time-plot .mark-label { fill: var(--c); font-size: 11px; stroke: var(--tp-card); stroke-width: 3px; paint-order: stroke }
.time-plot .moment { fill: var(--tp-text); fill-opacity: 0 }
.time-plot .moment:hover { fill-opacity: .08 }
${[...SERIES_COLORS, 'red'].map((color) => `.time-plot .${color} { --c: var(--tp-${color}) }`).join('\n')}
`
