/**
 * An error as a command logs it. Errors with a code come from the system or a server: message and code explain them. Errors
 * without a code are mistakes of the program and keep their stack.
 */
export function withoutStack(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  return { ...error, type: error.constructor.name, message: error.message }
}
