/** One command block of a page, and what the page says it writes. */
export interface Block {
  /** the line of its fence in the page, from 1 */
  line: number
  script: string
  /** undefined when the page shows no output: then only the exit code is checked */
  expected: string | undefined
  /** it needs human eyes or hands: shown to students, not run */
  manual: boolean
}

const FENCE = /^```(.*)$/

/**
 * Reads the command blocks of a Markdown page: a fence marked `sh`, and its output in a fence marked `text` that comes next,
 * with at most blank lines in between. `sh manual` is not run. Other fences are not commands.
 */
export function readBlocks(markdown: string): Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  /** the block that may still get an output */
  let open: Block | undefined
  for (let at = 0; at < lines.length; at += 1) {
    const info = FENCE.exec(lines[at] as string)?.[1]?.trim()
    if (info === undefined) {
      if (lines[at]?.trim() !== '') open = undefined
      continue
    }
    const end = lines.indexOf('```', at + 1)
    if (end === -1) throw new Error(`the fence in line ${at + 1} is never closed`)
    const content = lines.slice(at + 1, end).join('\n')
    if (info === 'sh' || info === 'sh manual') {
      open = { line: at + 1, script: content, expected: undefined, manual: info === 'sh manual' }
      blocks.push(open)
    } else {
      if (info === 'text' && open) open.expected = content
      open = undefined
    }
    at = end
  }
  return blocks
}
