import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CHANGES = fileURLToPath(new URL('../changes', import.meta.url))

/** SQL, or TypeScript where a change cannot run in a transaction. */
export const EXTENSION = /\.(sql|ts)$/

/** A file of migrations/changes. */
export interface Change {
  name: string
  /** SHA-256 of its text, to detect edits; line ends do not count, because Git may change them */
  checksum: string
}

/** All changes of a directory, in the order in which they are applied. */
export async function readChanges(directory = CHANGES): Promise<Change[]> {
  const files = (await readdir(directory)).filter((file) => EXTENSION.test(file)).toSorted()
  return Promise.all(
    files.map(async (file) => ({
      name: file.replace(EXTENSION, ''),
      checksum: checksum(await readFile(join(directory, file), 'utf8')),
    })),
  )
}

function checksum(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex')
}
