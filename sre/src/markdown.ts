import { harmless } from './text.ts'

/** Text that others wrote, in a line of Markdown: no markup, no HTML, no mention of an account. */
export function plain(text: string): string {
  return harmless(text)
    .replace(/[\\`*_[\]|#~!]/g, '\\$&')
    .replace(/[&<>@]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** A table; its cells are Markdown already. */
export function markdownTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
