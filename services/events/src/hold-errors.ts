import { reservationsUnavailable } from '@quickticket/contract/problems'
import { Problem } from '@quickticket/kit/problem'

/** Awaits one step in the hold store. @throws {Problem} 503 when the store does not answer or refuses to write */
export async function translateHoldErrors<T>(step: Promise<T>): Promise<T> {
  try {
    return await step
  } catch (error) {
    if (error instanceof Problem) throw error
    throw reservationsUnavailable(error)
  }
}
