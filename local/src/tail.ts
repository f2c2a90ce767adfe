import { readFileSync, statSync } from 'node:fs'

/** The last lines that are written to a file from now on. */
export function createTail(file: string, lines = 15): () => string {
  const start = statSync(file).size
  return () => readFileSync(file).subarray(start).toString().trimEnd().split('\n').slice(-lines).join('\n')
}
