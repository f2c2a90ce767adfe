import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'

export type Reply = 'yes' | 'skip' | 'stop'

/** Who sits at the terminal. */
export interface Person {
  /** Whether a step may change something. */
  confirm(question: string, signal?: AbortSignal): Promise<Reply>
  /** Waits for a step that is done by hand. */
  done(question: string, signal?: AbortSignal): Promise<Reply>
  /** One of these, by its number; undefined: none. */
  choose(question: string, choices: string[], signal?: AbortSignal): Promise<string | undefined>
}

/** An input that ends is a `stop`. */
export function personAt(input: Readable, output: Writable): Person {
  async function ask(question: string, signal?: AbortSignal): Promise<string | undefined> {
    const terminal = createInterface({ input, output })
    const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)))
    // Ctrl-C in a question is for the run
    terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    try {
      return await Promise.race([terminal.question(question, signal ? { signal } : {}), closed])
    } catch {
      return undefined
    } finally {
      terminal.close()
    }
  }

  return {
    async confirm(question, signal) {
      const answer = (await ask(`${question} [yes, Enter: skip, q: stop] `, signal))?.trim().toLowerCase()
      if (answer === undefined || answer === 'q') return 'stop'
      return answer === 'y' || answer === 'yes' ? 'yes' : 'skip'
    },
    async done(question, signal) {
      const answer = (await ask(`${question} [Enter: done, s: skip, q: stop] `, signal))?.trim().toLowerCase()
      if (answer === undefined || answer === 'q') return 'stop'
      return answer === 's' ? 'skip' : 'yes'
    },
    async choose(question, choices, signal) {
      const lines = choices.map((choice, index) => `  ${index + 1}  ${choice}`)
      const answer = await ask(`${question}\n${lines.join('\n')}\nNumber, Enter: none: `, signal)
      return choices[Number(answer?.trim()) - 1]
    },
  }
}
