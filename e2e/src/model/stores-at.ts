import { redisCommand } from '@quickticket/testing/redis-command'
import type pg from 'pg'

/** What is stored, and how it is made to look older than it is. */
export interface StoresAt {
  /** As if so much time had passed: every time that is stored comes nearer. */
  age(milliseconds: number): Promise<void>
  /** how long a hold lasts, in ms; 0 when there is none */
  holdMs(reservationId: string): Promise<number>
  /** how a hold ended; empty while it is held */
  ended(reservationId: string): Promise<string>
  loseRedis(): Promise<void>
}

export function createStoresAt(postgres: pg.Pool, redisPort: number): StoresAt {
  const redis = (command: string) => redisCommand({ host: '127.0.0.1', port: redisPort }, command)
  const evaluate = async (script: string, ...args: (string | number)[]) =>
    (await redis(`EVAL "${script.replaceAll(/\s+/g, ' ')}" 0 ${args.join(' ')}`))
      .split('\r\n')[0]
      ?.slice(1) ?? ''

  return {
    async age(milliseconds) {
      const earlier = `- ${Math.ceil(milliseconds)} * interval '1 ms'`
      // one that is being confirmed is locked, and its times do not matter any more
      await postgres.query(`UPDATE checkouts SET expires_at = expires_at ${earlier},
          charge_before = charge_before ${earlier}, void_at = void_at ${earlier}
        WHERE reservation_id IN (SELECT reservation_id FROM checkouts FOR UPDATE SKIP LOCKED)`)
      await postgres.query(`UPDATE outbox SET due_at = due_at ${earlier}`)
      await evaluate(AGE, Math.ceil(milliseconds))
    },
    holdMs: async (id) => Number(await evaluate(HOLD_MS, id)),
    async ended(id) {
      const [, ended = ''] = (await redis(`HGET reservation:${id} ended`)).split('\r\n')
      return ended.startsWith('+') ? '' : ended
    },
    async loseRedis() {
      await redis('FLUSHALL')
    },
  }
}

const AGE = `
  local older = tonumber(ARGV[1])
  for _, id in ipairs(redis.call('ZRANGE', 'holds', 0, -1)) do
    redis.call('ZINCRBY', 'holds', -older, id)
    if redis.call('HEXISTS', 'reservation:' .. id, 'latest') == 1 then
      redis.call('HINCRBY', 'reservation:' .. id, 'latest', -older)
    end
  end
  for _, key in ipairs(redis.call('KEYS', 'event:*:sold')) do
    local left = redis.call('PTTL', key)
    if left > 0 then redis.call('PEXPIRE', key, math.max(left - older, 0)) end
  end
  return 1`

const HOLD_MS = `
  local time = redis.call('TIME')
  local ends = redis.call('ZSCORE', 'holds', ARGV[1])
  if not ends then return 0 end
  return math.max(math.floor(ends - time[1] * 1000 - time[2] / 1000), 0)`
