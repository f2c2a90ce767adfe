import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../context.ts'
import { CannotTell } from '../verb.ts'
import { cookie, endTree } from './process-tree.ts'

export interface Ran {
  /** undefined when it was ended */
  exitCode: number | undefined
  end: 'by itself' | 'timed out' | 'stopped'
  /** programs that this machine does not have */
  missing: string[]
}

/** One bash that runs a script after the other: variables, functions and jobs of one are there in the next. */
export interface Shell {
  run(script: string, options: RunOptions): Promise<Ran>
  /** Ends everything that the scripts have started. */
  close(): void
}

interface RunOptions {
  timeoutMs: number
  /** called with what it writes to standard output and standard error, in order */
  onOutput(text: string): void
  signal?: AbortSignal | undefined
}

type Bash = ChildProcessByStdio<Writable, Readable, null>

/** A script that ends the shell, or is ended, is followed by a new shell: what it has set is gone. */
export function openShell(directory: string, environment: Environment): Shell {
  const files = mkdtempSync(join(tmpdir(), 'sre-runbook-'))
  const id = randomUUID()
  const missingFile = join(files, 'missing')
  let bash: Bash | undefined

  function start(): Bash {
    // a group of its own: what a script leaves in the background ends with it
    const started = spawn('bash', ['--noprofile', '--norc'], {
      cwd: directory,
      env: { ...environment, ...cookie(id), BASH_ENV: '' },
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    started.stdin.on('error', () => undefined)
    started.stdout.setEncoding('utf8')
    started.stdin.write(whenMissing(missingFile))
    return started
  }

  function endAll(): void {
    if (bash?.pid !== undefined) endTree(bash.pid, id)
    bash = undefined
  }

  return {
    async run(script, { timeoutMs, onOutput, signal }) {
      signal?.throwIfAborted()
      bash ??= start()
      const file = join(files, 'step.sh')
      writeFileSync(file, script)
      writeFileSync(missingFile, '')
      const { exitCode, end, shellIsGone } = await runIn(bash, file, { timeoutMs, onOutput, signal, endAll })
      if (shellIsGone || end !== 'by itself') endAll()
      const missing = [...new Set(readFileSync(missingFile, 'utf8').split('\n').filter(Boolean))]
      return { exitCode, end, missing }
    },
    close() {
      endAll()
      rmSync(files, { recursive: true, force: true })
    },
  }
}

interface Ended extends Omit<Ran, 'missing'> {
  shellIsGone: boolean
}

/** @throws {CannotTell} when bash cannot be started */
function runIn(
  bash: Bash,
  file: string,
  { timeoutMs, onOutput, signal, endAll }: RunOptions & { endAll(): void },
): Promise<Ended> {
  const mark = `\u0001end of ${randomUUID()} `
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const stop = (end: Ran['end']) => resolve({ exitCode: undefined, end, shellIsGone: false })
  const timer = setTimeout(() => stop('timed out'), timeoutMs)
  const onAbort = () => stop('stopped')
  /** what may be the beginning of the mark */
  let held = ''
  const onData = (text: string) => {
    held += text
    const [before = '', after] = held.split(mark)
    if (after?.endsWith('\n')) {
      onOutput(before)
      held = ''
      resolve({ exitCode: Number(after), end: 'by itself', shellIsGone: false })
      return
    }
    const from = held.lastIndexOf('\u0001')
    const safe = from === -1 || !isBeginning(held.slice(from), mark) ? held.length : from
    onOutput(held.slice(0, safe))
    held = held.slice(safe)
  }
  const onExit = (exitCode: number | null) => {
    // its output is complete when no other process holds it
    bash.once('close', () => resolve({ exitCode: exitCode ?? 1, end: 'by itself', shellIsGone: true }))
    endAll()
  }
  const onError = (error: Error) => reject(new CannotTell(`The steps need bash: ${error.message}`, 'PATH'))
  bash.stdout.on('data', onData)
  bash.once('exit', onExit).once('error', onError)
  signal?.addEventListener('abort', onAbort, { once: true })
  // a script reads neither the scripts that follow nor the terminal
  bash.stdin.write(`. '${file}' </dev/null 2>&1\nprintf '\\001%s%s\\n' '${mark.slice(1)}' "$?"\n`)
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    bash.stdout.off('data', onData)
    bash.off('exit', onExit).off('error', onError)
  })
}

function isBeginning(text: string, mark: string): boolean {
  return mark.startsWith(text) || text.startsWith(mark)
}

/** bash calls this function for a program that it does not find, in a pipe too. */
function whenMissing(file: string): string {
  return `command_not_found_handle() { echo "$1" >> '${file}'; echo "this machine has no program $1" >&2; return 127; }\n`
}
