/**
 * An error as a command logs it. What the system or a server has refused is told by its message and its code: where the
 * program was at that moment helps only with the program's own mistakes, and these keep their stack.
 */
export function withoutStack(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  return { ...error, type: error.constructor.name, message: error.message }
}
