import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Contents } from './contents.ts'

/** What a dump was when it was made; kept beside it, so that a restored one can be compared. */
export interface Manifest extends Contents {
  /** the state of the database at this time, ISO 8601 */
  takenAt: string
  bytes: number
  sha256: string
}

export type Verdict = 'good' | 'bad'

const DUMP = /^quickticket_\d{8}T\d{6}Z\.dump$/
/** a dump or its manifest, while it is written */
const PARTIAL = /^\.quickticket_\d{8}T\d{6}Z\.dump\./

/** All dumps of a directory, the newest first. */
export async function listDumps(directory: string): Promise<string[]> {
  // a directory that is not there has no dumps
  const files = await readdir(directory).catch(() => [])
  return files
    .filter((file) => DUMP.test(file))
    .toSorted()
    .reverse()
}

/** A name that no dump has, and an empty file for it that only this process writes. */
export async function openPartial(directory: string) {
  await mkdir(join(directory, MANIFESTS), { recursive: true })
  for (;;) {
    const name = `quickticket_${new Date().toISOString().replace(/\.\d+|[-:]/g, '')}.dump`
    const path = join(directory, `.${name}.partial`)
    const taken = (await listDumps(directory)).includes(name)
    const file = taken ? undefined : await open(path, 'wx', 0o640).catch(unlessThere)
    if (file) return { name, path, file }
    await delay(1000 - (Date.now() % 1000))
  }
}

/** Gives a finished dump its name. From here on it is there whatever happens to the machine. */
export async function publish(
  directory: string,
  name: string,
  path: string,
  manifest: Manifest,
): Promise<void> {
  await writeWhole(manifestOf(join(directory, name)), `${JSON.stringify(manifest, undefined, 2)}\n`)
  await rename(path, join(directory, name))
  await flush(directory)
}

/** Undefined for a dump that another program made. */
export async function readManifest(dump: string): Promise<Manifest | undefined> {
  // no manifest: not made by this program
  const text = await readFile(manifestOf(dump), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Remembers how the verification of a dump of the directory ended, for `removeOld`. */
export async function rememberVerdict(directory: string, name: string, verdict: Verdict): Promise<void> {
  const before = await newest(directory, verdict)
  if (before < name) await writeWhole(join(directory, MANIFESTS, `newest-${verdict}`), `${name}\n`)
}

/** Removes what killed backups have left. Only while no other one writes. */
export async function removeAbandoned(directory: string): Promise<void> {
  for (const place of [directory, join(directory, MANIFESTS)]) {
    // a directory that is not there has nothing to remove
    const files = await readdir(place).catch(() => [])
    for (const name of files.filter((file) => PARTIAL.test(file)))
      await rm(join(place, name), { force: true })
  }
}

/**
 * Removes all but the newest dumps, and returns the names of those that it removed. While newer ones turn out to be bad, the
 * newest good one is among those that stay, unless only one is kept.
 */
export async function removeOld(directory: string, keep: number): Promise<string[]> {
  const dumps = await listDumps(directory)
  const [good, bad] = [await newest(directory, 'good'), await newest(directory, 'bad')]
  const tooMany = dumps.slice(keep)
  const old =
    keep > 1 && bad > good && tooMany.includes(good)
      ? dumps.slice(keep - 1).filter((name) => name !== good)
      : tooMany
  for (const name of old) {
    await rm(join(directory, name), { force: true })
    await rm(manifestOf(join(directory, name)), { force: true })
  }
  return old
}

/** Readers see the file as it was or as it is now, never a part of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}`)
  const file = await open(partial, 'w', 0o644)
  try {
    await file.writeFile(text)
    await file.sync()
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

const MANIFESTS = '.manifests'

/** Empty when there is none. */
async function newest(directory: string, verdict: Verdict): Promise<string> {
  const text = await readFile(join(directory, MANIFESTS, `newest-${verdict}`), 'utf8').catch(() => '')
  return text.trim()
}

function manifestOf(dump: string): string {
  return join(dirname(dump), MANIFESTS, `${basename(dump)}.json`)
}

async function flush(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  await handle.sync().finally(() => handle.close())
}

function unlessThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EEXIST') throw error
}
