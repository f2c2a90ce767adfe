/** One thing that a solution has to do. */
export interface Check<Subject> {
  /** in words: what a student reads when it is missing */
  requires: string
  /** Rejects or throws when the subject does not do it. */
  verify(subject: Subject): void | Promise<void>
}

/** What a subject does not do, in words. */
export async function openRequirements<Subject>(
  checks: Check<Subject>[],
  subject: Subject,
): Promise<string[]> {
  const open: string[] = []
  for (const { requires, verify } of checks) {
    try {
      await verify(subject)
    } catch {
      open.push(requires)
    }
  }
  return open
}
