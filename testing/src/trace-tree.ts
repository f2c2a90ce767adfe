import type { Attributes, ReceivedSpan } from './otlp-spans.ts'

/**
 * Draws spans as a tree: a line each with service, kind, name and status, its events below it, and then the spans that it
 * caused in the order in which they began. A span whose parent is missing has no indentation.
 *
 * @param shown attributes to show, of spans and of events
 */
export function drawTrace(spans: ReceivedSpan[], shown: string[] = []): string {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const ordered = spans.toSorted((a, b) => Number(a.startedAt - b.startedAt))
  const roots = ordered.filter(({ parentSpanId = '' }) => !ids.has(parentSpanId))
  return roots.flatMap((root) => draw(root, 0)).join('\n')

  function draw(span: ReceivedSpan, depth: number): string[] {
    const indentation = '  '.repeat(depth)
    const { service, kind, name, attributes, events, isError, spanId } = span
    return [
      `${indentation}${service} ${kind} ${name}${isError ? ' ERROR' : ''}${show(attributes)}`,
      ...events.map((event) => `${indentation}  * ${event.name}${show(event.attributes)}`),
      ...ordered
        .filter(({ parentSpanId }) => parentSpanId === spanId)
        .flatMap((below) => draw(below, depth + 1)),
    ]
  }

  function show(attributes: Attributes): string {
    return shown
      .filter((name) => name in attributes)
      .map((name) => ` ${name}=${attributes[name]}`)
      .join('')
  }
}
