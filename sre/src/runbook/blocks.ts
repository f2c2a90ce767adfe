/** One command block of a page, and what the page says it writes. */
export interface Block {
  /** the line of its fence in the page, from 1 */
  line: number
  script: string
  /** undefined when the page shows no output: then only the exit code is checked */
  expected: string | undefined
  /** a block that needs human eyes or hands is shown to people and not run */
  runs: 'on Compose' | 'on a cluster' | 'by hand'
  /** further words of its fence, such as `continue` */
  marks: string[]
}

const RUNS: Record<string, Block['runs']> = { cluster: 'on a cluster', manual: 'by hand' }

const FENCE = /^```(.*)$/

/**
 * Reads the command blocks of a Markdown page: a fence marked `sh`, `sh cluster` or `sh manual`, and its output in a fence marked
 * `text` that comes next, with at most blank lines in between. Other fences are not commands.
 *
 * @throws {Error} when a fence is never closed
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
    const [language, ...words] = info.split(/\s+/)
    if (language === 'sh') {
      open = { line: at + 1, script: content, expected: undefined, ...readWords(words) }
      blocks.push(open)
    } else {
      if (info === 'text' && open) open.expected = content
      open = undefined
    }
    at = end
  }
  return blocks
}

function readWords(words: string[]): Pick<Block, 'runs' | 'marks'> {
  const place = words.find((word) => Object.hasOwn(RUNS, word))
  return {
    runs: place === undefined ? 'on Compose' : (RUNS[place] as Block['runs']),
    marks: words.filter((word) => word !== place),
  }
}
