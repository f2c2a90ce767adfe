import { Problem } from '@quickticket/kit/problem'
import { reservationsUnavailable } from './problems.ts'

/** Runs one step in the hold store; when it can not be reached, nobody can hold seats. */
export async function holding<T>(step: Promise<T>): Promise<T> {
  try {
    return await step
  } catch (error) {
    if (error instanceof Problem) throw error
    throw reservationsUnavailable(error)
  }
}
