import type { Notice } from './notices.ts'

/** Seconds between two looks of an open page. */
const REFRESH_S = 10

/** What fires and what came, as a page. All texts come from outside. */
export function alertsPage(firing: Notice[], newest: Notice[]): string {
  const now =
    firing.length === 0
      ? '<p>No alert fires, as far as the messages below say.</p>'
      : table(['since', 'severity', 'alert', 'what', 'links'], firing.map(firingRow))
  const came =
    newest.length === 0
      ? '<p>No message has come yet. Alertmanager and Grafana send one here when an alert fires or resolves.</p>'
      : table(['received', 'state', 'severity', 'alert', 'what', 'links'], newest.map(noticeRow))
  return page(
    'QuickTicket — Alerts',
    `<h1>Alerts</h1><h2>Firing (${firing.length})</h2>${now}<h2>What came, newest first</h2>${came}` +
      '<p>The same as JSON: <a href="/alerts">/alerts</a>. All <a href="/docs/runbooks/">runbooks</a>.</p>',
    `<meta http-equiv="refresh" content="${REFRESH_S}">`,
  )
}

export function runbookList(names: string[]): string {
  const items = names.map((name) => `<li><a href="/docs/runbooks/${name}.md">${name}</a></li>`)
  return page('QuickTicket — Runbooks', `<h1>Runbooks</h1><ul>${items.join('')}</ul>`)
}

/** A runbook as it was written, with links to the other runbooks. */
export function runbookPage(name: string, markdown: string): string {
  const linked = escapeHtml(markdown).replace(
    /\[([^\]\n]+)\]\(([a-z0-9-]+)\.md(?:#[^)\s]*)?\)/g,
    '<a href="/docs/runbooks/$2.md">$1</a>',
  )
  const back = '<p><a href="/">Alerts</a> · <a href="/docs/runbooks/">Runbooks</a></p>'
  return page(`QuickTicket — ${name}`, `${back}<pre>${linked}</pre>`)
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function firingRow(notice: Notice): string {
  return row(notice, [escapeHtml(notice.startsAt)])
}

function noticeRow(notice: Notice): string {
  return row(notice, [escapeHtml(notice.receivedAt), `<b>${notice.status}</b>`])
}

function row(notice: Notice, first: string[]): string {
  const { status, labels, annotations } = notice
  const { alertname = 'without a name', severity = '' } = labels
  const about = [labels.service, labels.slo].filter(Boolean).join(' ')
  const cells = [
    ...first,
    escapeHtml(severity),
    escapeHtml(about ? `${alertname} (${about})` : alertname),
    escapeHtml(annotations.summary ?? annotations.description ?? ''),
    [link('runbook', annotations.runbook_url), link('dashboard', annotations.dashboard)].join(' '),
  ]
  return `<tr class="${status}">${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

/** Only to pages: an address may be `javascript:…`, and one without a host leads nowhere from here. */
function link(text: string, address = ''): string {
  return /^https?:\/\//.test(address) ? `<a href="${escapeHtml(address)}">${text}</a>` : escapeHtml(address)
}

function table(headings: string[], rows: string[]): string {
  const head = headings.map((heading) => `<th>${heading}</th>`).join('')
  return `<table><tr>${head}</tr>${rows.join('')}</table>`
}

function page(title: string, body: string, head = ''): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>${head}<style>
body { font: 15px/1.4 sans-serif; margin: 2em; } table { border-collapse: collapse; } pre { font-size: 14px; }
th, td { border: 1px solid #bbb; padding: .3em .6em; text-align: left; vertical-align: top; }
.firing { background: #fde8e8; } .resolved { background: #e6f4e6; }
</style></head><body>${body}</body></html>
`
}
