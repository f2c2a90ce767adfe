/** How long a message may take; the next one brings what is missing. */
const TIMEOUT_MS = 2000

export interface Destination {
  url: string
  /** sent as a bearer token */
  token: string
}

/**
 * Sends a message of Alertmanager on. It is sent once: the program that takes it also reads the alerts that it has missed from
 * Alertmanager.
 *
 * @returns why it was not taken; undefined when it was, and when there is no such host
 */
export async function forward(body: string, { url, token }: Destination): Promise<string | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await answer.body?.cancel()
    return answer.ok ? undefined : `it answers ${answer.status}`
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string }
    // optional: a name that does not resolve is a program that does not run
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return undefined
    return code ?? (error as Error).message
  }
}
