const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Node.js accepts 35 methods. Undefined for all others than these, so that clients cannot create series or names of spans. */
export function knownMethod(method: string): string | undefined {
  return METHODS.has(method) ? method : undefined
}
