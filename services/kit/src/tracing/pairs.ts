/**
 * Reads a list as in OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS: the syntax of W3C Baggage, without properties.
 *
 * @throws Error when an entry has no name, no `=` or a wrong percent-encoding
 */
export function parsePairs(text: string): Record<string, string> {
  const entries = text.split(',').filter((entry) => entry.trim() !== '')
  return Object.fromEntries(entries.map(parsePair))
}

function parsePair(entry: string): [string, string] {
  const [name = '', ...rest] = entry.split('=')
  if (name.trim() === '' || rest.length === 0) throw new Error('an entry is no NAME=VALUE')
  return [decode(name.trim()), decode(rest.join('=').trim())]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('a percent-encoding is wrong')
  }
}
