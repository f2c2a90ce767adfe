import type { App } from '@quickticket/kit/app'
import { STATUS_CODES } from '@quickticket/kit/http-status'
import { breakConnection, pathOf, template } from '@quickticket/kit/outcome'
import { Problem } from '@quickticket/kit/problem'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Control } from './control.ts'
import type { LiveRule } from './engine.ts'
import type { GroundTruth } from './ground-truth.ts'
import { truncate } from './truncate.ts'

/** Never struck, like everything with `config.ops`: whoever looks has to see, and whoever ends faults has to get through. */
const UNTOUCHED = /^\/(docs|faults)(\/|$)/

/** Does to requests what the rules in force say. */
export function injectFaults(app: App, control: Control, truth: GroundTruth): void {
  const hanging = new Set<FastifyRequest>()
  const atSend = new WeakMap<FastifyRequest, LiveRule>()

  app.addHook('onRequest', (request, reply, done) => {
    const { method, routeOptions, url } = request
    const path = pathOf(url)
    if (routeOptions.config.ops || UNTOUCHED.test(path)) return done()
    const strike = control.decide(method, path, template(request))
    if (!strike) return done()

    let delayMs = 0
    for (const { rule, ms } of strike.delays) {
      delayMs += ms
      tell(rule, request, { latency_ms: Math.round(ms) })
    }
    const proceed = () => {
      if (!strike.fault || reply.raw.destroyed) return done()
      act(strike.fault, request, reply, done)
    }
    if (delayMs > 0) setTimeout(proceed, delayMs)
    else proceed()
  })

  app.addHook('onSend', (request, reply, payload, done) => {
    const rule = atSend.get(request)
    if (!rule || reply.raw.destroyed) return done()
    if (rule.fault.kind === 'truncate') {
      if (!truncate(request, reply, payload)) return done()
    } else {
      breakConnection(request)
    }
    // and no done: nothing more goes out
    tell(rule, request)
  })

  app.addHook('preClose', async () => {
    control.replace([])
    for (const request of hanging) breakConnection(request)
  })

  function act(rule: LiveRule, request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) {
    const { fault } = rule
    switch (fault.kind) {
      case 'status':
        tell(rule, request, { injected_status: fault.status })
        return done(failure(fault.status, truth.sealed))
      case 'reset':
        tell(rule, request)
        return breakConnection(request, 'resetAndDestroy')
      case 'hang':
        tell(rule, request)
        hanging.add(request)
        reply.raw.once('close', () => hanging.delete(request))
        // otherwise the server would take it for a body that does not arrive in time
        request.raw.resume()
        return
      case 'cpu':
        tell(rule, request, { blocked_ms: fault.blockMs })
        block(fault.blockMs)
        return done()
      case 'db-pool-leak':
        if (control.poolLeak(rule)?.leak()) tell(rule, request)
        return done()
      default:
        atSend.set(request, rule)
        return done()
    }
  }

  function tell(rule: LiveRule, request: FastifyRequest, details?: object): void {
    rule.injected++
    truth.tell(rule.fault.kind, template(request), request.log, details)
  }
}

function failure(status: number, sealed: boolean): Problem {
  const title = STATUS_CODES[status] ?? 'Error'
  const code = sealed ? title.toLowerCase().replace(/\W+/g, '_') : 'injected_fault'
  return new Problem(status, code, title)
}

/** Nothing else happens in the process meanwhile. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
