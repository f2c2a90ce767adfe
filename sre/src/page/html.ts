import { escapeHtml } from '../plot/escaped.ts'
import type { Part } from './gather.ts'

/** HTML that is ready: everything that came from outside has been escaped in it. */
export interface Html {
  html: string
}

type Value = string | number | Html | Html[] | undefined

/** A template whose values are escaped, except those that are HTML already. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  const parts = strings.map((text, index) => text + (index < values.length ? rendered(values[index]) : ''))
  return { html: parts.join('') }
}

/** An SVG of this program. */
export function trusted(markup: string): Html {
  return { html: markup }
}

export interface Source {
  /** where its figures come from: a command, or the query behind a link */
  command?: string
  link?: string
}

/** A section with its heading; in the place of what cannot be found out, it says why. */
export function section<T>(
  title: string,
  { command, link }: Source,
  part: Part<T>,
  render: (value: T) => Html,
): Html {
  const body =
    'value' in part
      ? render(part.value)
      : html`<p class="card"><span class="state warn">unknown</span> ${part.missing}</p>`
  const id = title.toLowerCase().replace(/[^a-z]+/g, '-')
  const query = link === undefined ? undefined : html`<a class="source" href="${link}">query</a>`
  const typed =
    command === undefined ? undefined : html`<code class="source">npm run sre -- ${command}</code>`
  return html`<section aria-labelledby="${id}"><h2><span id="${id}">${title}</span>${query}${typed}</h2>${body}</section>`
}

export function table(head: string[], rows: Html[]): Html {
  return html`<div class="scroll" tabindex="0"><table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`
}

function rendered(value: Value): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map((each) => each.html).join('')
  return typeof value === 'object' ? value.html : escapeHtml(String(value))
}
