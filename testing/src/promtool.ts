import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MONITORING } from '@quickticket/monitoring/slo/files'
import { stringify } from 'yaml'
import { IMAGES } from './versions.ts'

/** promtool 3 of this machine, or the one in Prometheus' image if that is here; undefined without both. */
export const promtool = findPromtool()

/** What promtool has against these expressions, by their names; undefined when all are PromQL. */
export function complaintsAbout(expressions: Record<string, string>): string | undefined {
  const rules = Object.entries(expressions).map(([where, expr]) => ({ alert: where, expr }))
  const [command, ...args] = inShell('promtool check rules --lint=none')
  const { status, stdout, stderr } = spawnSync(command, args, {
    input: stringify({ groups: [{ name: 'queries', rules }] }),
    encoding: 'utf8',
  })
  return status === 0 ? undefined : `${stdout}${stderr}`
}

/** What `promtool test rules` has against each of these files; undefined where all came true. */
export async function failuresOf(unitTests: object[]): Promise<(string | undefined)[]> {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-rules-'))
  try {
    const files = unitTests.map((unitTest, index) => {
      const file = join(directory, `${index}.yml`)
      writeFileSync(file, stringify(unitTest, { lineWidth: 0 }))
      return file
    })
    const written = await outputOf(inShell(`promtool test rules ${files.join(' ')} 2>&1`, directory))
    const byFile = written.split(/^ {2}(?=SUCCESS$|FAILED:$)/m).slice(1)
    if (byFile.length !== files.length) throw new Error(`promtool did not test all files:\n${written}`)
    return byFile.map((part) => (part.startsWith('SUCCESS') ? undefined : part))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** It ends with 1 where a test has failed. */
function outputOf([command, ...args]: Command): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, args, { maxBuffer: 64 * 1024 * 1024 }, (_, stdout, stderr) => resolve(stdout + stderr))
  })
}

type Command = [command: string, ...args: string[]]

/** In a container, the rules and this directory are where they are outside. */
export function inShell(script: string, directory = MONITORING): Command {
  if (promtool === 'here') return ['sh', '-c', script]
  const mounts = [MONITORING, directory].map((path) => `--volume=${path}:${path}:ro`)
  const run = ['run', '--rm', '--interactive', '--network=none', '--user=0', ...new Set(mounts)]
  return ['docker', ...run, '--entrypoint=sh', IMAGES.prometheus, '-c', script]
}

function findPromtool(): 'here' | 'image' | undefined {
  const { stdout } = spawnSync('promtool', ['--version'], { encoding: 'utf8' })
  // ranges of version 2 have one more sample, and alerts other times
  if (Number(/version (\d+)/.exec(stdout ?? '')?.[1]) >= 3) return 'here'
  return spawnSync('docker', ['image', 'inspect', IMAGES.prometheus]).status === 0 ? 'image' : undefined
}
