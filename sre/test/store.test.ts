import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { openStore, type Store } from '../src/store/store.ts'
import { CannotTell } from '../src/verb.ts'

function newFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sre-store-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'sre.db')
}

function open(file: string): Store {
  const store = openStore(file)
  onTestFinished(() => store.close())
  // instead of 5 s
  store.get('PRAGMA busy_timeout = 20')
  return store
}

const writeSomething = (store: Store) =>
  store.run(`INSERT INTO evidence (kind, at, data) VALUES ('x', 1, ?)`, 'y'.repeat(100_000))

function troubleOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(CannotTell)
    return (error as Error).message
  }
  return 'none'
}

test('while another process writes it can be opened and read, and a write says to try again', () => {
  const file = newFile()
  open(file)
  const other = new DatabaseSync(file)
  onTestFinished(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const store = open(file)
  expect(store.all('SELECT * FROM incidents')).toEqual([])
  const locked = 'The database cannot be used: another process is writing; try again'
  expect(troubleOf(() => writeSomething(store))).toContain(locked)
  expect(troubleOf(() => store.transaction(() => 1))).toContain(locked)
  other.exec('COMMIT')
  expect(writeSomething(store).changes).toBe(1)
})

test('a full disk is called so, and the file stays where it is', () => {
  const store = open(newFile())
  store.get('PRAGMA max_page_count = 1')
  const trouble = troubleOf(() => writeSomething(store))
  expect(trouble).toContain('The database cannot be used: database or disk is full')
  expect(trouble).not.toContain('move')
})

test('a damaged file can be replaced by a backup or moved away', () => {
  const file = newFile()
  writeFileSync(file, 'this is no database, whatever its name says'.repeat(1000))
  expect(troubleOf(() => openStore(file))).toBe(
    `The database cannot be used: file is not a database; put a backup in its place, or move it away and start again: a new one is made (looked at ${file})`,
  )
})

test('the database of a newer version is left alone', () => {
  const file = newFile()
  const database = new DatabaseSync(file)
  database.exec('PRAGMA user_version = 1000')
  database.close()
  expect(troubleOf(() => openStore(file))).toBe(
    `The database cannot be used: a newer version of this program has written it (looked at ${file})`,
  )
})

test('a directory in its place is no reason to move anything away', () => {
  const file = newFile()
  mkdirSync(file)
  expect(troubleOf(() => openStore(file))).toBe(
    `The database cannot be used: unable to open database file (looked at ${file})`,
  )
})
