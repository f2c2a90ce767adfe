import { computeCapacity } from '../../capacity/plan.ts'
import { PRICES_FILE, readPrices } from '../../capacity/prices.ts'
import { markdownTable, plain } from '../../markdown.ts'
import { lengthText } from '../../text.ts'
import type { Section } from '../section.ts'

export const capacityPlan: Section = {
  title: 'Capacity plan',
  async write({ context, period }) {
    const lengthMs = period.toMs - period.fromMs
    const prices = readPrices(PRICES_FILE)
    const plan = await computeCapacity(context, { horizonMs: lengthMs, windowMs: lengthMs, prices })
    const { load, knee, firstByLoad, firstByTime, advice, aheadMs } = plan
    const ceiling = knee?.requestsPerSecond ?? firstByLoad?.at
    const sum = (costs: number[]) => costs.reduce((total, cost) => total + cost, 0).toFixed(2)
    const rate = (value: number | undefined) =>
      value === undefined ? 'not known' : `${value.toFixed(1)} requests/s`
    return [
      markdownTable(
        ['', 'value', 'source'],
        [
          ['load now', rate(load.now), 'gateway\\_requests\\_total'],
          ['highest load', rate(load.peak), `the last ${lengthText(plan.historyMs)}`],
          [
            'ceiling now',
            rate(ceiling),
            ceiling === undefined ? 'no search for the limit, no fit' : plain(load.limitFrom),
          ],
          ['twice of it', rate(ceiling && 2 * ceiling), 'that of above'],
          [
            'limits first',
            firstByLoad ? plain(firstByLoad.name) : 'not known',
            firstByLoad
              ? `a line through use and load, at ${firstByLoad.at.toFixed(0)} requests/s`
              : 'no use rises with the load',
          ],
          [
            'limit reached in time',
            firstByTime ? plain(firstByTime.name) : 'none',
            aheadMs === 0 ? 'too little history for a forecast' : `within ${lengthText(aheadMs)}`,
          ],
        ],
      ),
      markdownTable(
        ['service', 'replicas', 'to ask for', `a month (${plain(prices.currency)})`, 'asked for'],
        advice.map(({ service, present, asked, costNow, costAsked }) => [
          service,
          String(present.replicas),
          String(asked.replicas),
          costNow.toFixed(2),
          costAsked.toFixed(2),
        ]),
      ),
      `Together ${sum(advice.map(({ costNow }) => costNow))} a month now, ${sum(advice.map(({ costAsked }) => costAsked))} as asked for. ` +
        `Source: \`npm run sre -- capacity\`; prices: ${plain(prices.source)}.`,
    ]
  },
}
