import type { App } from '@quickticket/kit/app'

/** The value of every series whose name begins like this, by its name and labels as Prometheus spells them. */
export async function series(app: App, name: string): Promise<Record<string, number>> {
  const { payload } = await app.inject('/metrics')
  const lines = payload.split('\n').filter((line) => line.startsWith(name))
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}

/** The same without what has not happened yet. */
export async function counted(app: App, name: string): Promise<Record<string, number>> {
  return Object.fromEntries(Object.entries(await series(app, name)).filter(([, value]) => value !== 0))
}
