import type { App } from '@quickticket/kit/app'
import { pathOf, template } from '@quickticket/kit/route-template'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ResponseEffect } from './effect.ts'
import type { LiveRule, Strike } from './engine.ts'
import type { GroundTruth } from './ground-truth.ts'
import type { LeakyPool } from './kinds/db-pool-leak.ts'
import type { LiveRules } from './live-rules.ts'

/** Never struck, like everything with `config.ops`: faults must not prevent their own observation and end. */
const EXEMPT = /^\/(docs|faults)(\/|$)/

/** Applies the rules in force to requests. */
export function injectFaults(
  app: App,
  rules: LiveRules,
  { truth, pool }: { truth: GroundTruth; pool: LeakyPool | undefined },
): void {
  const stopping = new AbortController()
  const atSend = new WeakMap<FastifyRequest, { rule: LiveRule; effect: ResponseEffect }>()

  app.addHook('onRequest', (request, reply, done) => {
    const { method, routeOptions, url } = request
    const path = pathOf(url)
    if (routeOptions.config.ops || EXEMPT.test(path)) return done()
    const decided = rules.decide(method, path, template(request))
    if (!decided) return done()

    let delayMs = 0
    for (const { rule, ms } of decided.delays) {
      delayMs += ms
      count(rule, request, { latency_ms: Math.round(ms) })
    }
    const proceed = () => {
      if (!decided.fault || reply.raw.destroyed) return done()
      strike(decided.fault, request, reply, done)
    }
    if (delayMs > 0) setTimeout(proceed, delayMs)
    else proceed()
  })

  app.addHook('onSend', (request, reply, payload, done) => {
    const fault = atSend.get(request)
    if (!fault || reply.raw.destroyed) return done()
    if (!fault.effect.strike(request, reply, payload)) return done()
    // without done, Fastify sends nothing more
    count(fault.rule, request)
  })

  app.addHook('preClose', async () => {
    rules.replace([])
    stopping.abort()
  })

  function strike(
    { rule, effect }: NonNullable<Strike['fault']>,
    request: FastifyRequest,
    reply: FastifyReply,
    proceed: (error?: Error) => void,
  ): void {
    if (effect.stage === 'response') {
      atSend.set(request, { rule, effect })
      proceed()
      return
    }
    const { sealed } = truth
    const report = (details?: object) => count(rule, request, details)
    effect.strike({ request, reply, pool, sealed, stopping: stopping.signal, report, proceed })
  }

  function count(rule: LiveRule, request: FastifyRequest, details?: object): void {
    rule.injected++
    truth.report(rule.kind.name, template(request), request.log, details)
  }
}
