import { eventsApp } from '@quickticket/testing/events-app'
import { noOwnRedis, ownRedis } from '@quickticket/testing/own-redis'
import { addEvent } from '@quickticket/testing/stores'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

const WAIT = { timeout: 10_000, interval: 50 }

describe.skipIf(noOwnRedis)('a Redis that answers, and takes no writes:', () => {
  test.each([
    {
      why: 'its memory is full',
      code: 'OOM',
      begin: 'CONFIG SET maxmemory 1',
      end: 'CONFIG SET maxmemory 0',
    },
    { why: 'it is a replica', code: 'READONLY', begin: 'REPLICAOF 127.0.0.1 1', end: 'REPLICAOF NO ONE' },
    {
      why: 'too few replicas follow it',
      code: 'NOREPLICAS',
      begin: 'CONFIG SET min-replicas-to-write 1',
      end: 'CONFIG SET min-replicas-to-write 0',
    },
    {
      why: 'the user may not write',
      code: 'NOPERM',
      begin: 'ACL SETUSER default -@write',
      end: 'ACL SETUSER default +@all',
    },
  ])('$why', async ({ code, begin, end }) => {
    const redis = await ownRedis()
    const events = await eventsApp({ redisPort: redis.port })
    onTestFinished(() => events.close())
    const event = await addEvent(events.pool, 10)
    const say = ([name = '', ...args]: string[]) => redis.admin.call(name, ...args)
    const reserve = () =>
      events.app.inject({ method: 'POST', url: `/events/${event}/reserve`, payload: { quantity: 1 } })
    const health = async () => (await events.app.inject('/health')).json()
    expect(await health()).toMatchObject({ checks: { redis: 'ok' } })
    const keys = await redis.admin.dbsize()

    await say(begin.split(' '))
    expect((await reserve()).json()).toMatchObject({ status: 503, error: 'reservations_unavailable' })
    expect((await events.app.inject('/events')).statusCode).toBe(200)
    await vi.waitFor(
      async () =>
        expect(await health()).toMatchObject({
          status: 'degraded',
          checks: { redis: 'degraded' },
          reasons: { redis: `Redis refuses to write (${code}): reservations and payments are refused` },
        }),
      WAIT,
    )

    await say(end.split(' '))
    await vi.waitFor(async () => expect(await health()).toMatchObject({ status: 'healthy' }), WAIT)
    expect(await redis.admin.dbsize()).toBe(keys)
    expect((await reserve()).statusCode).toBe(200)
  })
})
