import { writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { escapeHtml } from '../plot/escaped.ts'
import { UsageError } from '../verb.ts'
import type { Report } from './report.ts'

/**
 * Writes a report. HTML has its plots inside; Markdown has them as files beside it.
 *
 * @returns the files
 * @throws {UsageError} for another ending, or when it cannot be written
 */
export function writeReport(report: Report, file: string): string[] {
  const files = file.endsWith('.html')
    ? [{ path: file, text: renderHtml(report) }]
    : file.endsWith('.md')
      ? markdownFiles(report, file)
      : undefined
  if (!files) throw new UsageError(`--out ${file} must end with .html or .md`)
  try {
    for (const { path, text } of files) writeFileSync(path, text)
  } catch (error) {
    throw new UsageError(`the report cannot be written: ${(error as Error).message}`)
  }
  return files.map(({ path }) => path)
}

function markdownFiles(report: Report, file: string): { path: string; text: string }[] {
  const stem = basename(file, '.md')
  const plots = report.plots.map(({ name, svg }, index) => ({ name, svg, file: `${stem}-${index + 1}.svg` }))
  const [head = [], ...rows] = report.probes
  const lines = [
    `# ${inMarkdown(report.title)}`,
    '',
    `**${inMarkdown(report.outcome)}**`,
    '',
    ...report.reasons.map((reason) => `- ${inMarkdown(reason)}`),
    ...(report.reasons.length > 0 ? [''] : []),
    inMarkdown(report.description),
    '',
    '| | |',
    '|---|---|',
    ...report.facts.map(markdownRow),
    '',
    '## What was measured',
    '',
    markdownRow(head),
    `|${head.map(() => '---').join('|')}|`,
    ...rows.map(markdownRow),
    '',
    ...plots.flatMap(({ name, file: svg }) => [`![${inMarkdown(name)} over time](${encodeURI(svg)})`, '']),
    inMarkdown(report.score),
    '',
  ]
  return [
    { path: file, text: lines.join('\n') },
    ...plots.map(({ svg, file: name }) => ({ path: join(dirname(file), name), text: svg })),
  ]
}

function markdownRow(cells: string[]): string {
  return `| ${cells.map(inMarkdown).join(' | ')} |`
}

/** Text that means nothing in Markdown. */
function inMarkdown(text: string): string {
  return text
    .replace(/[\\`*_[\]<>|~#]/g, '\\$&')
    .replace(/\s+/g, ' ')
    .trim()
}

const STYLE = `
:root { color-scheme: light dark; --text: #1b2330; --soft: #5d6878; --page: #f5f6f8; --card: #fff; --line: #e3e7ed; --ok: #14804a; --bad: #c8322b }
@media (prefers-color-scheme: dark) { :root { --text: #e6eaf0; --soft: #9aa6b7; --page: #12161d; --card: #1a202a; --line: #2b3442; --ok: #4fc98a; --bad: #ff7a70 } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.outcome { font-weight: 650; color: var(--bad) } .outcome.held { color: var(--ok) }
.table { overflow-x: auto } table { border-collapse: collapse; background: var(--card); width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere } th { color: var(--soft); font-weight: 500 }
svg { width: 100%; height: auto; margin: .5rem 0 } .soft { color: var(--soft) }
`

function renderHtml(report: Report): string {
  const text = escapeHtml
  const [head = [], ...rows] = report.probes
  const cells = (all: string[], tag: string) => all.map((cell) => `<${tag}>${text(cell)}</${tag}>`).join('')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${text(report.title)}</h1>
<p class="outcome${report.held ? ' held' : ''}">${text(report.outcome)}</p>
${report.reasons.length > 0 ? `<ul>${report.reasons.map((reason) => `<li>${text(reason)}</li>`).join('')}</ul>` : ''}
<p>${text(report.description)}</p>
<div class="table"><table>
${report.facts.map(([name, value]) => `<tr><th>${text(name)}</th><td>${text(value)}</td></tr>`).join('\n')}
</table></div>
<h2>What was measured</h2>
<div class="table"><table>
<tr>${cells(head, 'th')}</tr>
${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')}
</table></div>
${report.plots.map(({ svg }) => svg).join('\n')}
<p class="soft">${text(report.score)}</p>
</body>
</html>
`
}
