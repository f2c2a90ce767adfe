/** A word that blames, or a place that is still to be filled. */
export interface WordingProblem {
  line: number
  text: string
  advice: string
}

const RULES: { pattern: RegExp; advice: string }[] = [
  {
    pattern:
      /\b(careless(ly|ness)?|negligen(t|ce)|incompeten(t|ce)|stupid(ly|ity)?|sloppy|lazy|reckless(ly)?)\b/i,
    advice: 'it judges a person: say what the system allowed',
  },
  {
    pattern: /\bhuman error\b|\b(user|operator|engineer|developer)('s)? (error|mistake|fault)\b/i,
    advice: 'human error is where the analysis begins: say what made the action look right at that time',
  },
  {
    pattern: /\b(should|could|ought to) (not )?have\b|\bfailed to\b|\bneglected to\b|\bforgot(ten)? to\b/i,
    advice: 'it tells what did not happen: say what happened, and what was known then',
  },
  {
    pattern: /\b(to blame|blames?|blamed|whose fault|(his|her|their|your) (fault|mistake))\b/i,
    advice: 'it looks for a guilty person: say which condition led to it',
  },
  { pattern: /\b(obvious(ly)?|simply|of course)\b/i, advice: 'it is clear only afterwards: leave it out' },
]

/** The template's mark of a place for people. */
export const PLACE = '<!-- write: '
export const ACTIONS_HEADING = '## Action items'

/**
 * Words that blame people. After https://sre.google/sre-book/postmortem-culture/: a postmortem is written without blame when it looks
 * for causes and not for persons.
 *
 * @param names of people, who appear by their role
 */
export function findWordingProblems(text: string, names: string[] = []): WordingProblem[] {
  const persons = names.filter((name) => name.length > 1)
  let section = ''
  return text.split('\n').flatMap((line, index) => {
    if (line.startsWith('#')) section = line
    // the head and the action items name people on purpose: who commands, and who owns an item
    const namesAllowed = section.startsWith('# ') || section === ACTIONS_HEADING
    const words = line.toLowerCase().split(/[^\p{L}\p{N}.@-]+/u)
    const found = [
      ...RULES.map(({ pattern, advice }) => ({ text: pattern.exec(line)?.[0], advice })),
      ...persons.map((name) => ({
        text: !namesAllowed && words.includes(name.toLowerCase()) ? name : undefined,
        advice: 'it names a person: write the role',
      })),
    ]
    const problems = line.includes(PLACE)
      ? [{ text: line.trim(), advice: 'this place is still empty' }]
      : found.flatMap(({ text, advice }) => (text === undefined ? [] : [{ text, advice }]))
    return problems.map((problem) => ({ line: index + 1, ...problem }))
  })
}
