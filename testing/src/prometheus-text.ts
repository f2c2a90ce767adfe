export interface Sample {
  /** name and labels, as they are written */
  series: string
  name: string
  labels: Record<string, string>
  value: number
}

export interface Metrics {
  samples: Sample[]
  /** HELP and TYPE by the name of a metric */
  families: Map<string, { help: string; type: string }>
  /** The sum over all samples with this name and at least these labels; 0 when there are none. */
  sum(name: string, labels?: Record<string, string>): number
}

/** Reads the text format. @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export function parseMetrics(text: string): Metrics {
  const samples: Sample[] = []
  const families: Metrics['families'] = new Map()
  for (const line of text.split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line)
    const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (comment) {
      const [, what, name = '', said = ''] = comment
      const family = families.get(name) ?? { help: '', type: '' }
      families.set(name, what === 'HELP' ? { ...family, help: said } : { ...family, type: said })
    } else if (sample) {
      const [, name = '', labels = '', value] = sample
      samples.push({
        series: line.slice(0, line.lastIndexOf(' ')),
        name,
        labels: parseLabels(labels),
        value: Number(value),
      })
    } else if (line.trim() !== '') {
      throw new Error(`not a line of metrics: ${line}`)
    }
  }
  return {
    samples,
    families,
    sum: (name, labels = {}) =>
      samples
        .filter((sample) => sample.name === name && matches(sample, labels))
        .reduce((total, sample) => total + sample.value, 0),
  }
}

function parseLabels(text: string): Record<string, string> {
  const found = text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, unescaped(value)]))
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
}

function matches({ labels }: Sample, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value)
}
