import type { Step } from './lab.ts'

/** The status codes of the four requests while one component was stopped. */
export interface Observed {
  list: number
  reserve: number
  pay: number
  health: number
}

const STOPS = /docker compose stop (\w+)$/m
const ANSWER = /^(list|reserve|pay|health) +(\d{3})$/gm

/** What a lab observed: a step that stops a component and then asks the four questions is one row. */
export function failureTable(steps: Step[]): Record<string, Observed> {
  const rows = steps.flatMap(({ block, stdout }) => {
    const stopped = STOPS.exec(block.script)?.[1]
    const answers = [...stdout.matchAll(ANSWER)].map(([, question, code]) => [question, Number(code)])
    return stopped && answers.length > 0 ? [[stopped, Object.fromEntries(answers)] as const] : []
  })
  return Object.fromEntries(rows)
}

/** As a student would hand it in. */
export function markdownTable(rows: Record<string, Observed>): string {
  const lines = Object.entries(rows).map(
    ([stopped, { list, reserve, pay, health }]) =>
      `| ${stopped} | ${list} | ${reserve} | ${pay} | ${health} |`,
  )
  return ['| stopped | list | reserve | pay | health |', '|---|---|---|---|---|', ...lines].join('\n')
}
