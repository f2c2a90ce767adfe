import { type Html, html, trusted } from './html.ts'
import { PAGE_STYLE } from './style.ts'

export interface Document {
  title: string
  subtitle: string
  /** seconds until a browser loads it again; undefined: never */
  refreshS: number | undefined
  body: Html[]
}

/** An HTML document that loads nothing. */
export function document({ title, subtitle, refreshS, body }: Document): string {
  const refresh = refreshS === undefined ? undefined : html`<meta http-equiv="refresh" content="${refreshS}">`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh}
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(PAGE_STYLE)}</style>
</head>
<body>
<header><h1>${title}</h1><span class="soft">${subtitle}</span></header>
<main>
${body}
</main>
<footer>Times are UTC. The same as text: <code>npm run sre -- --help</code></footer>
</body>
</html>
`.html
}
