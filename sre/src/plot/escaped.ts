/** The text for HTML and SVG, in an element or a quoted attribute; XML's forbidden control characters become blanks. */
export function escapeHtml(text: string): string {
  return (
    text
      // XML allows no other control characters than tab and line ends, not even escaped
      .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ' ')
      .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
  )
}
