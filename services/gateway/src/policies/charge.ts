import { UpstreamError } from '@quickticket/kit/http-client'
import type { Log } from '@quickticket/kit/log'
import type { Trace } from '@quickticket/kit/trace'
import type { Redis } from 'ioredis'
import type { Config } from '../config.ts'
import type { GatewayMetrics } from '../metrics.ts'
import {
  type Charge,
  ChargeRefused,
  isTransient,
  type PaymentsClient,
  retryAfterMs,
} from '../payments-client.ts'
import { paymentFailed, paymentsUnavailable, paymentTimeout } from '../problems.ts'
import { type Breaker, CircuitOpenError, createBreaker } from './breaker.ts'
import { type Bulkhead, BulkheadFullError } from './bulkhead.ts'
import { createRetry, type Retry } from './retry.ts'
import { createRetryBudget } from './retry-budget.ts'
import { createSharedCircuit } from './shared-circuit.ts'

/**
 * Charges an order once, whatever is retried.
 *
 * @returns the payment's reference
 * @throws {Problem}
 */
export type ChargeOrder = (order: Charge, trace: Trace) => Promise<string>

export interface ChargePolicies {
  bulkhead: Bulkhead
  breaker: Breaker
  retry: Retry
}

export interface ChargeDeps {
  payments: PaymentsClient
  bulkhead: Bulkhead
  metrics: GatewayMetrics
  /** for a circuit that replicas share */
  redis: Redis | undefined
  log: Log
}

/** Charges with the policies that the variables turn on. */
export function createCharge(config: Config, { payments, bulkhead, metrics, redis, log }: ChargeDeps) {
  const retry = createRetry({
    attempts: config.RETRY_MAX,
    baseDelayMs: config.RETRY_BASE_DELAY_MS,
    deadlineMs: config.GATEWAY_TIMEOUT_MS,
    isRetryable: isTransient,
    retryAfterMs,
    budget: config.RETRY_BUDGET_PERCENT > 0 ? createRetryBudget(config.RETRY_BUDGET_PERCENT) : undefined,
    target: 'payments',
    retries: metrics.retries,
  })
  const breaker = createBreaker({
    failureThreshold: config.CB_FAILURE_THRESHOLD,
    cooldownMs: config.CB_COOLDOWN_S * 1000,
    isFailure: isTransient,
    transitions: metrics.circuitTransitions,
    log,
    shared: redis && config.CB_STORE === 'redis' ? createSharedCircuit(redis, log) : undefined,
  })
  return {
    charge: protectCharge(payments, { bulkhead, breaker, retry }, metrics.chargesExpired),
    circuitState: breaker.state,
    close: breaker.close,
  }
}

/**
 * bulkhead(breaker(retry(charge))): a payment has one place, retries included, and the breaker sees one outcome of it.
 *
 * @param expired counts charges that were too late by the clock of payments
 */
export function protectCharge(
  payments: Pick<PaymentsClient, 'charge'>,
  { bulkhead, breaker, retry }: ChargePolicies,
  expired: { inc(): void },
): ChargeOrder {
  return async (order, trace) => {
    let resendCount = 0
    try {
      return await bulkhead.run((waitedMs) =>
        breaker.run(() =>
          retry((remainingMs) => payments.charge(order, trace, remainingMs, resendCount++), waitedMs),
        ),
      )
    } catch (error) {
      if (error instanceof ChargeRefused && error.isExpired) expired.inc()
      throw chargeProblem(error, order.reservationId)
    }
  }
}

const UNAVAILABLE = [
  [CircuitOpenError, 'circuit_open'],
  [BulkheadFullError, 'payments_busy'],
  [UpstreamError, 'payments_unavailable'],
] as const

function chargeProblem(error: unknown, reservationId: string): unknown {
  if (error instanceof ChargeRefused) {
    const { status, retryAfter } = error
    return paymentFailed(reservationId, { status, retryAfter, cause: error })
  }
  if (error instanceof UpstreamError && error.failure === 'timeout')
    return paymentTimeout(reservationId, error)
  const code = UNAVAILABLE.find(([kind]) => error instanceof kind)?.[1]
  return code ? paymentsUnavailable(code, reservationId, error) : error
}
