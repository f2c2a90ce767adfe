/**
 * What is wrong with a command, in one line. What Node.js says about arguments goes on with advice for programmers, which is
 * left out.
 */
export function usageError(error: unknown, command: string): string {
  const [sentence] = (error as Error).message.split(/[.] |\n/, 1)
  return `${sentence}; ${command} --help says more`
}

/** Whether the arguments of a command were the mistake, in the eyes of Node.js. */
export function isUsageError(error: unknown): boolean {
  return Boolean((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS'))
}
