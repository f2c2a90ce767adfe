import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { ERRORS_PATH } from './problem-type.ts'

const SOURCE = new URL('../../../docs/errors.md', import.meta.url)

/** Serves docs/errors.md, which the `type` of each problem links to. The page is rendered at the first request. */
export function errorsPage(app: FastifyInstance): void {
  let page: Promise<string> | undefined
  app.get(ERRORS_PATH, { config: { ops: true }, schema: { hide: true } }, async (_request, reply) => {
    page ??= readFile(SOURCE, 'utf8').then(asHtml)
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'public, max-age=3600')
      .send(await page)
  })
}

/** Of Markdown what that page uses: headings, which are anchors too, paragraphs, lists, code and links. */
export function asHtml(markdown: string): string {
  const blocks = markdown.trim().split(/\n{2,}/)
  const title = blocks[0]?.replace(/^# /, '') ?? ''
  return HEAD.replace('TITLE', inline(title)) + blocks.map(block).join('\n') + TAIL
}

function block(text: string): string {
  const [, marks, heading = ''] = /^(#{1,3}) (.*)$/.exec(text) ?? []
  if (marks) return `<h${marks.length} id="${idOf(heading)}">${inline(heading)}</h${marks.length}>`
  if (!text.startsWith('- ')) return `<p>${inline(text)}</p>`
  const items = text.slice(2).split(/\n- /)
  return `<ul>${items.map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`
}

function idOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(' ', '-')
    .replace(/[^a-z0-9_-]/g, '')
}

function inline(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/`([^`]*)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]*)\*\*/g, '<b>$1</b>')
    .replace(/\[([^[\]]*)\]\(([^()[\]\s"]*)\)/g, '<a href="$2">$1</a>')
}

const HEAD = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TITLE</title>
<meta name="viewport" content="width=device-width">
<style>body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 sans-serif}
h2{margin-top:2.5rem}h2:target{background:#ff9}code{background:#eee;padding:0 .2em}</style></head><body>
`
const TAIL = '\n</body></html>\n'
