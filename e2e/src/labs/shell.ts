import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../system.ts'

export interface Ran {
  exitCode: number
  stdout: string
  stderr: string
}

/** One bash that runs a script after the other: variables and functions of one are there in the next. */
export interface Shell {
  /** Rejects when the script does not end in time, or ends the shell. */
  run(script: string, timeoutMs: number): Promise<Ran>
  close(): void
}

export function openShell(directory: string, environment: Environment): Shell {
  const scripts = mkdtempSync(join(tmpdir(), 'quickticket-lab-'))
  // a group of its own: what a script leaves in the background ends with it
  const bash = spawn('bash', ['--noprofile', '--norc'], { cwd: directory, env: environment, detached: true })
  const written = { stdout: '', stderr: '' }
  let onOutput = () => {}
  for (const name of ['stdout', 'stderr'] as const) {
    bash[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
      onOutput()
    })
  }
  bash.stdin.on('error', () => undefined)

  return {
    run(script, timeoutMs) {
      written.stdout = ''
      written.stderr = ''
      const end = `end of ${randomUUID()}`
      const file = join(scripts, 'block.sh')
      writeFileSync(file, script)
      const { promise, resolve, reject } = Promise.withResolvers<Ran>()
      const fail = (what: string) => reject(new Error(`${what}\n${written.stdout}${written.stderr}`))
      const timer = setTimeout(() => fail(`did not end within ${timeoutMs} ms`), timeoutMs)
      const onExit = () => fail('ended the shell')
      bash.once('exit', onExit)
      onOutput = () => {
        const [stdout, exitCode] = written.stdout.split(`${end} `)
        const [stderr, ended] = written.stderr.split(end)
        if (!exitCode?.endsWith('\n') || ended === undefined) return
        resolve({ exitCode: Number(exitCode), stdout: stdout as string, stderr: stderr as string })
      }
      // nothing of a script may read the scripts that follow
      bash.stdin.write(`. '${file}' </dev/null\nprintf '%s %s\\n' '${end}' "$?"; printf '%s' '${end}' >&2\n`)
      return promise.finally(() => {
        clearTimeout(timer)
        bash.off('exit', onExit)
        onOutput = () => {}
      })
    },
    close() {
      try {
        process.kill(-(bash.pid as number), 'SIGKILL')
      } catch {
        // it has ended by itself
      }
      rmSync(scripts, { recursive: true, force: true })
    },
  }
}
