import type { TSchema } from 'typebox'
import { flag, integer, secret, usedWhen } from './config.ts'
import { Type } from './schema.ts'
import { certificateFile, readCertificates } from './tls.ts'

/** Address, credentials and TLS of Redis. @param used whether the other variables need it */
export function redisVariables(used: (config: Record<string, unknown>) => boolean) {
  const needed = <T extends TSchema>(schema: T) => usedWhen(used, schema)
  return {
    REDIS_HOST: Type.String({ default: 'redis', description: 'Redis host' }),
    REDIS_PORT: needed(integer(1, 65_535, 6379, 'Redis port')),
    REDIS_USER: Type.String({ default: '', description: 'Redis user; empty: the default one' }),
    REDIS_PASS: secret('', 'Redis password; empty: none is sent'),
    REDIS_TLS: needed(
      flag(false, 'whether to use TLS to Redis; its certificate must be valid for `REDIS_HOST`'),
    ),
    REDIS_CA_FILE: needed(
      certificateFile('certificate authorities for Redis; empty: those that Node.js trusts'),
    ),
    REDIS_TIMEOUT_MS: needed(integer(1, 60_000, 1000, 'longest time that one command may take')),
  }
}

export interface RedisConfig {
  REDIS_HOST: string
  REDIS_PORT: number
  REDIS_USER: string
  REDIS_PASS: string
  REDIS_TLS: boolean
  REDIS_CA_FILE: string
  REDIS_TIMEOUT_MS: number
}

/** The options of `createRedis`. */
export function redisOptions(config: RedisConfig) {
  return {
    host: config.REDIS_HOST,
    port: config.REDIS_PORT,
    user: config.REDIS_USER,
    password: config.REDIS_PASS,
    tls: config.REDIS_TLS
      ? config.REDIS_CA_FILE
        ? { ca: readCertificates(config.REDIS_CA_FILE) }
        : {}
      : undefined,
    timeoutMs: config.REDIS_TIMEOUT_MS,
  }
}
