import type { Counter } from 'prom-client'

/** The values of a counter by its only changing label, without what has not happened yet. */
export async function counted<Label extends string>(
  counter: Counter<Label>,
  label: Label,
): Promise<Record<string, number>> {
  const { values } = await counter.get()
  const happened = values.filter(({ value }) => value !== 0)
  return Object.fromEntries(happened.map(({ labels, value }) => [String(labels[label]), value]))
}
