import type { FaultKind } from '../effect.ts'
import { readDuration } from '../units.ts'

/** The event loop is blocked for a time; then the handler runs. */
export const cpu = {
  name: 'cpu',
  example: 'cpu=200ms',
  read(argument) {
    const blockMs = readDuration(argument)
    return {
      stage: 'request',
      strike({ report, proceed }) {
        report({ blocked_ms: blockMs })
        block(blockMs)
        proceed()
      },
    }
  },
} as const satisfies FaultKind

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
