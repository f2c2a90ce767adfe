import type { Chart } from './chart.ts'

/** The plots of a report. */
export function chartsOf(points: Chart['points']): Chart[] {
  return [
    {
      title: 'Rate',
      unit: 'per second',
      scale: 'linear',
      points,
      stacked: [
        { name: 'answered', color: 'blue', of: ({ ok }) => ok },
        { name: 'sold out (409)', color: 'amber', of: ({ conflicts }) => conflicts },
        { name: 'failed', color: 'red', of: ({ failed }) => failed },
      ],
      lines: points.some(({ asked }) => asked !== undefined)
        ? [{ name: 'buyers asked for', color: 'gray', of: ({ asked }) => asked, dashed: true }]
        : [],
    },
    {
      title: 'Latency',
      unit: 'ms',
      scale: 'log',
      points,
      lines: [
        { name: 'p50', color: 'blue', of: ({ p50 }) => p50 },
        { name: 'p90', color: 'teal', of: ({ p90 }) => p90 },
        { name: 'p99', color: 'violet', of: ({ p99 }) => p99 },
        { name: 'max', color: 'gray', of: ({ max }) => max, dashed: true },
      ],
    },
    {
      title: 'Failed, and sold out',
      unit: 'per second',
      scale: 'linear',
      points,
      lines: [
        { name: 'failed', color: 'red', of: ({ failed }) => failed },
        { name: 'sold out (409)', color: 'amber', of: ({ conflicts }) => conflicts },
      ],
    },
    {
      title: 'Buyers on their way',
      unit: 'buyers',
      scale: 'linear',
      points,
      lines: [{ name: 'waiting', color: 'teal', of: ({ waiting }) => waiting }],
    },
  ]
}
