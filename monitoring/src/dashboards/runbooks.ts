import { PanelBuilder as Text, TextMode } from '@grafana/grafana-foundation-sdk/text'
import { RUNBOOKS_UID, readRunbook, runbookNames, runbookUrl } from '../runbooks.ts'
import { frame } from './frame.ts'

/** docs/runbooks inside Grafana: where alerts and panels link to. */
export function runbooks() {
  return frame({
    uid: RUNBOOKS_UID,
    title: 'QuickTicket — Runbooks',
    description: 'The pages of docs/runbooks. Change them there.',
    rows: [
      { title: 'Open one by its title, or scroll', height: 18, panels: runbookNames().map(page), across: 2 },
    ],
  })
}

const page = (name: string) =>
  new Text()
    .title(name)
    .mode(TextMode.Markdown)
    .content(forGrafana(readRunbook(name)))

const LINK = /\[([^\]]+)\]\(([^)]+)\)/g

/** Other runbooks are panels here; what is elsewhere in the repository can only be named. */
function forGrafana(markdown: string): string {
  return markdown.replace(LINK, (whole, text: string, target: string) => {
    if (target.includes('://') || target.startsWith('#')) return whole
    const runbook = /^([a-z-]+)\.md$/.exec(target)?.[1]
    if (runbook) return `[${text}](${runbookUrl(runbook)})`
    return `${text} (\`${target.replace(/^\.\.\//, 'docs/').replace(/^docs\/\.\.\//, '')}\`)`
  })
}
