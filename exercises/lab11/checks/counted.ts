import { Counter, Registry } from 'prom-client'

/** A counter, and what it has counted by the values of one label, zeros left out. */
export function countBy<Label extends string, Other extends string = never>(
  label: Label,
  ...others: Other[]
) {
  const counter = new Counter<Label | Other>({
    name: 'counter_of_the_check',
    help: 'What a check counts',
    labelNames: [label, ...others],
    registers: [new Registry()],
  })
  return {
    counter,
    async values(): Promise<Record<string, number>> {
      const { values } = await counter.get()
      const happened = values.filter(({ value }) => value !== 0)
      return Object.fromEntries(happened.map(({ labels, value }) => [String(labels[label]), value]))
    },
  }
}
