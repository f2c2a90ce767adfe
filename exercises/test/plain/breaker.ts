import type { Breaker, BreakerOptions, CircuitState, Subjects } from '../../lab11/shapes.ts'

const PROBE = 'after the cooldown one call is the probe, and others are not made while it runs'
const CLOSES = 'a probe that succeeds closes the circuit'
const REOPENS = 'a probe that fails opens it again at once, for a whole cooldown'
const LATE = 'calls that began before it opened change nothing when they end'
const THRESHOLD = 'failures in a row open the circuit, no sooner and no later than the threshold'

/** Typical mistakes, and the requirement that finds each. */
export const mistakes = {
  'no half-open: never closes': CLOSES,
  'no half-open: closed after the cooldown': PROBE,
  'no half-open: a probe that fails is one failure of many': REOPENS,
  'lets everything through when half-open': PROBE,
  'never closes again': CLOSES,
  'the first cooldown counts for the second': REOPENS,
  'failures in all, not in a row': 'a success in between starts the count again',
  'one failure too late': THRESHOLD,
  'counts refusals': 'an error for which isFailure says no is not counted as a failure',
  'a refusal keeps the place of the probe':
    'a probe that ends with such an error does not block the calls after it',
  'still counts the old failures': 'once closed, it counts from zero',
  'a late success closes it': LATE,
  'a late failure opens it once more': LATE,
  'makes the call all the same':
    'while it is open, calls are not made and fail at once with CircuitOpenError',
  'answers in place of the call': 'what a call answers or throws is passed on',
  'counts no changes': 'every change is counted by `to`, and logged as the warning `circuit transition`',
  'no way to turn it off': 'a threshold of 0 turns it off',
}

type Mistake = keyof typeof mistakes

class CircuitOpenError extends Error {}

export function solve(mistake?: Mistake): Subjects['breaker'] {
  return { CircuitOpenError, createBreaker: (options) => createBreaker(options, mistake) }
}

function createBreaker(options: BreakerOptions, mistake?: Mistake): Breaker {
  const { failureThreshold, cooldownMs, isFailure, transitions, log } = options
  const makes = (other: Mistake) => mistake === other
  let state: CircuitState = 'CLOSED'
  let failures = 0
  let openUntil: number | undefined
  let probing = false
  /** changes so far: tells calls of now from calls of then */
  let era = 0

  function change(to: CircuitState): void {
    if (to === state && !makes('a late failure opens it once more')) return
    state = to
    era++
    probing = false
    if (to === 'OPEN' && (openUntil === undefined || !makes('the first cooldown counts for the second')))
      openUntil = Date.now() + cooldownMs
    if (to === 'CLOSED' && !makes('still counts the old failures')) failures = 0
    if (makes('counts no changes')) return
    transitions.inc({ to })
    log.warn({ to }, 'circuit transition')
  }

  function admit(): boolean {
    if (state === 'OPEN' && Date.now() >= (openUntil ?? 0) && !makes('no half-open: never closes'))
      change(makes('no half-open: closed after the cooldown') ? 'CLOSED' : 'HALF_OPEN')
    if (state === 'CLOSED') return true
    if (state === 'OPEN') return makes('makes the call all the same')
    if (probing && !makes('lets everything through when half-open')) return false
    probing = true
    return true
  }

  function succeeded(): void {
    const keeps = state === 'CLOSED' ? 'failures in all, not in a row' : 'still counts the old failures'
    if (!makes(keeps)) failures = 0
    if (state === 'CLOSED' || makes('never closes again')) return
    change('CLOSED')
  }

  function failed(): void {
    failures++
    const late = makes('one failure too late') ? 1 : 0
    const reopens = state === 'HALF_OPEN' && !makes('no half-open: a probe that fails is one failure of many')
    if (makes('no half-open: a probe that fails is one failure of many') && state === 'HALF_OPEN') {
      failures = 1
      state = 'CLOSED'
    }
    if (reopens || failures >= failureThreshold + late) change('OPEN')
  }

  return {
    state: () => state,
    close() {},
    async run(call) {
      if (failureThreshold === 0 && !makes('no way to turn it off')) return call()
      if (!admit()) throw new CircuitOpenError()
      const began = era
      const isLate = () => began !== era
      try {
        const answer = await call()
        if (!isLate() || makes('a late success closes it')) succeeded()
        return makes('answers in place of the call') ? (undefined as typeof answer) : answer
      } catch (error) {
        if (isFailure(error) || makes('counts refusals')) {
          if (!isLate() || makes('a late failure opens it once more')) failed()
        } else if (!isLate() && !makes('a refusal keeps the place of the probe')) probing = false
        throw error
      }
    },
  }
}
