import type { CaseResult, Results } from './results.ts'

interface Table {
  title: string
  head: string[]
  rows: string[][]
}

/** What a bench found, for a terminal and for a page in Markdown alike. */
export function tablesOf({ cases, startUp, memory, addedLatency, skipped }: Results): Table[] {
  const services = cases.filter(({ ceiling }) => !ceiling)
  const ceilings = cases.filter(({ ceiling }) => ceiling)
  return [
    {
      title: 'Cases',
      head: ['case', 'what', 'conn.', 'per second', 'p50 ms', 'p99 ms', 'CPU s per 1,000', 'compared with'],
      rows: services.map((each) => [...rateColumns(each), cpuColumn(each), ratioColumn(each)]),
    },
    {
      title: 'Ceilings',
      head: [
        'ceiling',
        'what',
        'conn.',
        'per second',
        'p50 ms',
        'p99 ms',
        'CPU s per 1,000',
        'cores of the load side',
      ],
      rows: ceilings.map((each) => [...rateColumns(each), cpuColumn(each), fixed(each.loadCores, 2)]),
    },
    {
      title: 'The gateway alone: what it adds to the median, at 200 requests/s',
      head: [
        'path',
        'events itself ms',
        'through the gateway ms',
        'added ms',
        'added by a hand-written one ms',
      ],
      rows: (addedLatency ?? []).map((each) => [
        each.path,
        ...[each.directMs, each.throughMs, each.addedMs, each.handWrittenAddedMs].map((ms) => fixed(ms, 3)),
      ]),
    },
    {
      title: 'Memory, MiB',
      head: ['service', 'idle', 'its own', 'after all cases', 'its own', 'at most'],
      rows: (memory ?? []).map(({ service, ...mib }) => [
        service,
        ...[mib.idleMib, mib.idleOwnMib, mib.loadedMib, mib.loadedOwnMib, mib.peakMib].map((each) =>
          fixed(each, 0),
        ),
      ]),
    },
    {
      title: 'From start to the first answer, ms',
      head: ['service', 'with compiled code', 'CPU time of it', 'without'],
      rows: (startUp ?? []).map(({ service, ...ms }) => [
        service,
        ...[ms.cachedMs, ms.cachedCpuMs, ms.coldMs].map((each) => fixed(each, 0)),
      ]),
    },
    { title: 'Not measured', head: ['case', 'why'], rows: Object.entries(skipped) },
  ].filter(({ rows }) => rows.length > 0)
}

export function forTerminal(tables: Table[]): string {
  return tables
    .map(({ title, head, rows }) => {
      const widths = head.map((name, column) =>
        Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
      )
      const line = (row: string[]) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()
      return [`${title}`, line(head), ...rows.map(line)].join('\n')
    })
    .join('\n\n')
}

export function forMarkdown(tables: Table[]): string {
  return tables
    .map(({ title, head, rows }) => {
      const line = (row: string[]) => `| ${row.join(' | ')} |`
      return [`### ${title}`, '', line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
    })
    .join('\n\n')
}

function rateColumns({ name, what, connections, perSecond, p50Ms, p99Ms }: CaseResult): string[] {
  const rate = perSecond < 100 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en-US')
  return [name, what, String(connections), rate, fixed(p50Ms, 2), fixed(p99Ms, 2)]
}

function cpuColumn({ cpuPer1000 = {} }: CaseResult): string {
  return Object.entries(cpuPer1000)
    .filter(([, seconds]) => seconds >= 0.005)
    .map(([name, seconds]) => `${name} ${seconds.toFixed(2)}`)
    .join(', ')
}

function ratioColumn({ ratios }: CaseResult): string {
  return Object.entries(ratios)
    .map(([name, ratio]) => `${ratio.toFixed(2)} ${name}`)
    .join(', ')
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? '' : value.toFixed(digits)
}
