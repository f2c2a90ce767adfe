import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { CHANGES, readChanges } from './changes.ts'

const MOST_LETTERS = 60

/** What is wrong with a name, or with the place for the file, in words for the user who typed it. */
export class NewChangeRefused extends Error {
  override name = 'NewChangeRefused'
}

/**
 * Writes the file of a change that is still to be described, with the next number, and returns its path.
 *
 * @param text its name, or a sentence that becomes one: "add email" is 0006_add-email
 * @throws {NewChangeRefused}
 */
export async function createChange(text: string, directory = CHANGES): Promise<string> {
  const name = nameOf(text)
  const known = (await readChanges(directory)).map((change) => change.name)
  const namesake = known.find((other) => other.replace(/^\d+_/, '') === name)
  if (namesake) throw new NewChangeRefused(`there is ${namesake} already: give the change another name`)
  const path = join(directory, `${nextNumber(known)}_${name}.ts`)
  try {
    // two at a time get the same number: one of them ends here
    await writeFile(path, TEMPLATE, { flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new NewChangeRefused(
      `${shown(path)} cannot be written (${code}): run it in a clone of the repository`,
    )
  }
  return shown(path)
}

function nameOf(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '-')
  if (name === '') throw new NewChangeRefused('a change needs a name: what it does, such as add-email')
  if (!/^[a-z][a-z0-9-]*[a-z0-9]$/.test(name)) {
    throw new NewChangeRefused(
      `${JSON.stringify(text)} is no name for a change: it begins with a letter, and has letters from a to z, digits, - and blanks`,
    )
  }
  if (name.length > MOST_LETTERS) {
    throw new NewChangeRefused(`${JSON.stringify(text)} is longer than ${MOST_LETTERS} letters`)
  }
  return name
}

function nextNumber(known: string[]): string {
  const last = Math.max(0, ...known.map((name) => Number(/^\d+/.exec(name)?.[0] ?? 0)))
  return String(last + 1).padStart(4, '0')
}

function shown(path: string): string {
  return relative(process.cwd(), path)
}

const TEMPLATE = `import type { MigrationBuilder } from 'node-pg-migrate'

/**
 * TODO: what changes, and why the version that serves meanwhile can live with it.
 *
 * While a version is rolled out, the one before it serves too, and it must be possible to go back. So expand first: a
 * nullable column, a table, a trigger that keeps old and new equal, an index (CONCURRENTLY, in a change of its own with
 * pgm.noTransaction()). Contract last, in a later change, when no version uses the old thing any more: SET NOT NULL,
 * DROP, RENAME. docs/migrations.md says which statement blocks which others.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.sql('TODO')
}

/** Takes back what up does, and nothing else. */
export function down(pgm: MigrationBuilder): void {
  pgm.sql('TODO')
}
`
