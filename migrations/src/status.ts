import type pg from 'pg'
import { CHANGES, readChanges } from './changes.ts'
import { editedChanges, readHistory } from './history.ts'
import { findInvalidIndexes } from './invalid-indexes.ts'

export interface Status {
  /** one line for each change and each index that is not valid */
  lines: string[]
  changes: { name: string; applied_at: string | null; edited: boolean; missing_file: boolean }[]
  pending: number
  edited: number
}

/** What a database has and does not have. Changes nothing and waits for no lock. */
export async function readStatus(client: pg.Client, directory = CHANGES): Promise<Status> {
  const changes = await readChanges(directory)
  const applied = await readHistory(client)
  const edited = new Set(editedChanges(applied, changes))
  const width = Math.max(...[...changes, ...applied].map(({ name }) => name.length), 0)
  const line = (name: string, state: string) => `${name.padEnd(width)}  ${state}`

  const known = changes.map(({ name }) => {
    const before = applied.find((one) => one.name === name)
    if (!before) return line(name, 'pending')
    return line(name, `applied ${before.appliedAt.toISOString()}${edited.has(name) ? ', EDITED since' : ''}`)
  })
  const strange = applied
    .filter(({ name }) => !changes.some((change) => change.name === name))
    .map(({ name }) => line(name, 'applied, but there is no such file'))
  const invalid = (await findInvalidIndexes(client)).map(
    ({ name }) => `index ${name} is INVALID; the next up repairs it`,
  )
  const names = new Set([...changes, ...applied].map(({ name }) => name))
  return {
    changes: [...names].map((name) => ({
      name,
      applied_at: applied.find((one) => one.name === name)?.appliedAt.toISOString() ?? null,
      edited: edited.has(name),
      missing_file: !changes.some((change) => change.name === name),
    })),
    lines: [...known, ...strange, ...invalid],
    pending: changes.filter(({ name }) => !applied.some((one) => one.name === name)).length,
    edited: edited.size,
  }
}
