import { objectAt, textAt } from '../../fields.ts'
import type { Probe } from '../probe.ts'

/** The value of the first series of a query. */
export const prometheus: Probe<{ expr: string }> = {
  kind: 'prometheus',
  describe: ({ expr }) => expr,
  read: (provider, path) => ({ expr: textAt(objectAt(provider, path, ['expr']).expr, `${path}.expr`) }),
  async measure(context, { expr }) {
    const value = await context.prometheus.value(expr)
    // 0 divided by 0: no request in the window
    return value === undefined || Number.isNaN(value) ? undefined : value
  },
}
