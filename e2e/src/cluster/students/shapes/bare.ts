import { file } from '../component.ts'
import { events, gateway, payments, postgres, redis } from '../course.ts'
import type { Shape } from '../shape.ts'

export const bare: Shape = {
  name: 'bare',
  about: 'lab 4, task 1: what the sheet names and no more, file by file, the stores first',
  steps: [
    [...file(postgres), ...file(redis)],
    'stores run',
    [...file(events), ...file(gateway), ...file(payments)],
    'seed',
  ],
  readiness: { gateway: 'no probe', events: 'no probe' },
  restartsInFaults: false,
  afterLoss: 'nothing',
}
