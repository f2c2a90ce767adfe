import type { Counter } from 'prom-client'

/** The values of a counter by its only changing label. */
export async function counted<Label extends string>(
  counter: Counter<Label>,
  label: Label,
): Promise<Record<string, number>> {
  const { values } = await counter.get()
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels[label]), value]))
}
