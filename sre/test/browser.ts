import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Runs in the page. */
const LOW_CONTRAST = readFileSync(new URL('low-contrast.js', import.meta.url), 'utf8')
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** A Chromium of this machine; undefined where there is none. */
export const browserProgram = findProgram(process.env.PATH ?? '')

export function startBrowser(): Promise<Browser> {
  // as root, in a container, Chromium cannot make its sandbox; the pages are this project's own
  return chromium.launch({ executablePath: browserProgram as string, args: ['--no-sandbox'] })
}

/** What a page should never do: requests to other hosts, refused content, errors. */
export function watchPage(page: Page, url: string): string[] {
  const complaints: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
      complaints.push(`asks ${request.url()}`)
  })
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    complaints.push(`shows a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return complaints
}

/**
 * Texts with less contrast than 4.5 to 1, level AA.
 *
 * @see https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
 */
export function lowContrast(page: Page): Promise<string[]> {
  return page.evaluate(LOW_CONTRAST)
}

function findProgram(path: string): string | undefined {
  const candidates = path.split(delimiter).flatMap((directory) => NAMES.map((name) => join(directory, name)))
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
