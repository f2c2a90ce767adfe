/** A runbook as people read it: its front matter is for programs. */
export function withoutFrontMatter(markdown: string): string {
  return markdown.replace(/^---\n[\s\S]*?\n---\n\n*/, '')
}
