import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CHANGES = fileURLToPath(new URL('../changes', import.meta.url))

/** A file of migrations/changes. */
export interface Change {
  name: string
  /** of its text, so that an edit is noticed; line ends do not count, because Git may change them */
  checksum: string
}

/** All changes of a directory, in the order in which they are applied. */
export async function readChanges(directory = CHANGES): Promise<Change[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.ts')).toSorted()
  return Promise.all(
    files.map(async (file) => ({
      name: file.replace(/\.ts$/, ''),
      checksum: checksum(await readFile(join(directory, file), 'utf8')),
    })),
  )
}

function checksum(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex')
}
