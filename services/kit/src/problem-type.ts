/** Where every service serves the page of all problems, docs/errors.md; relative to the service that answers, as RFC 9457 allows. */
export const ERRORS_PATH = '/docs/errors'

/** The URI of a problem's type: the section of the page that explains the code. */
export function problemType(code: string): string {
  return `${ERRORS_PATH}#${code}`
}
