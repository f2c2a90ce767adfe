/** The known name that a text is probably a slip of; undefined when none is near. */
export function nearest(text: string, known: readonly string[]): string | undefined {
  const wanted = text.toUpperCase()
  const [best] = known
    .map((name) => ({ name, distance: distanceTo(wanted, name.toUpperCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 4)))
    .toSorted((one, other) => one.distance - other.distance || one.name.length - other.name.length)
  return best?.name
}

/** Part of a name is nearer than its letters say. */
function distanceTo(text: string, name: string): number {
  const part = name.startsWith(`${text}_`) || name.endsWith(`_${text}`) || text.startsWith(name)
  return part && text.length > 3 ? 1 : editDistance(text, name)
}

/** Letters to put in, take out or change. @see https://en.wikipedia.org/wiki/Levenshtein_distance */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (let column = 1; column <= other.length; column++) {
      const change = (row[column - 1] ?? 0) + (other[column - 1] === letter ? 0 : 1)
      next.push(Math.min(change, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
