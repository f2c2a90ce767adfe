import { statSync } from 'node:fs'
import { DatabaseFails } from '../store/failure.ts'
import { openStore, type Store } from '../store/store.ts'

/** A store whose file may break, vanish or be replaced while the program runs. */
export interface ReopenedStore extends Store {
  /** why it cannot be used, as far as is known; undefined when it can */
  trouble(): string | undefined
  /** how many uses have failed */
  errors(): number
}

interface Trouble {
  reason: string
  /** a read that works says nothing of a full disk */
  whileWriting: boolean
}

/**
 * Opens the file at the first use, and again when it was broken or another file is in its place, such as a backup. A database that
 * has been open is never replaced by a new one, which would give the numbers of incidents once more. Every method throws
 * DatabaseFails when the database cannot be used.
 *
 * @param onChange called when it begins to fail, with the reason, and when it works again
 */
export function createReopenedStore(
  path: string,
  onChange: (trouble: string | undefined) => void,
): ReopenedStore {
  let current: { store: Store; inode: number } | undefined
  /** of the database that was opened first; its copies have it too */
  let identity: string | undefined
  let trouble: Trouble | undefined
  let errors = 0
  /** undefined outside of a transaction */
  let transaction: { wrote: boolean } | undefined

  function use<T>(work: (store: Store) => T, writes: () => boolean): T {
    if (transaction && current) return work(current.store)
    try {
      const result = work(open())
      if (trouble && (writes() || !trouble.whileWriting)) note(undefined)
      return result
    } catch (error) {
      if (!(error instanceof DatabaseFails)) throw error
      errors += 1
      if (error.mustReopen) close()
      note({ reason: error.message, whileWriting: writes() || trouble?.whileWriting === true })
      throw error
    }
  }

  function open(): Store {
    if (current && inodeOf(path) !== current.inode) close()
    if (!current) {
      if (identity !== undefined && inodeOf(path) === undefined)
        throw fails('the file is gone; put it or a backup of it back, or start again: a new one is made')
      const store = openStore(path, { mustExist: identity !== undefined })
      current = { store, inode: inodeOf(path) ?? 0 }
      const found = identityOf(store)
      identity ??= found
      if (found !== identity)
        throw fails(
          'another database is in its place; put the old one or a backup of it back, or start again: this one is used',
        )
    }
    return current.store
  }

  function fails(reason: string): DatabaseFails {
    return new DatabaseFails(reason, path, { mustReopen: true })
  }

  function close(): void {
    const closing = current
    current = undefined
    try {
      closing?.store.close()
    } catch {
      // what is broken may not even close
    }
  }

  function note(found: Trouble | undefined): void {
    const changes = (found === undefined) !== (trouble === undefined)
    trouble = found
    if (changes) onChange(found?.reason)
  }

  return {
    path,
    all: (sql, ...values) => use((store) => store.all(sql, ...values), never),
    get: (sql, ...values) => use((store) => store.get(sql, ...values), never),
    run(sql, ...values) {
      if (transaction) transaction.wrote = true
      return use((store) => store.run(sql, ...values), always)
    },
    transaction(work) {
      if (transaction) return work()
      const own = { wrote: false }
      return use(
        (store) => {
          transaction = own
          try {
            return store.transaction(work)
          } finally {
            transaction = undefined
          }
        },
        () => own.wrote,
      )
    },
    close,
    trouble: () => trouble?.reason,
    errors: () => errors,
  }
}

const never = () => false
const always = () => true

function identityOf(store: Store): string | undefined {
  return store.get<{ id: string }>('SELECT id FROM identity')?.id
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
