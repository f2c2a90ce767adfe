import { NAME } from '@quickticket/local/postgres-cluster'
import type { TestProject } from 'vitest/node'
import { startContainers } from './containers.ts'
import { hasRedis, startPostgresServer, startRedisServer } from './store-servers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
    /** empty when there is no Redis here: what needs it is skipped */
    redisUrl: string
  }
}

export type TestServers = { postgresUrl: string; redisUrl: string; stop(): Promise<void> }

/**
 * PostgreSQL and Redis for the tests: in containers when a Docker engine answers, else from npm and from the PATH.
 * QUICKTICKET_TEST_SERVERS=docker or =embedded decides which.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { postgresUrl, redisUrl, stop } = await startServers(process.env.QUICKTICKET_TEST_SERVERS ?? '')
  project.provide('postgresUrl', postgresUrl)
  project.provide('redisUrl', redisUrl)
  return stop
}

async function startServers(choice: string): Promise<TestServers> {
  if (choice === 'embedded') return startEmbedded()
  try {
    return await startContainers()
  } catch (error) {
    if (choice === 'docker') throw error
    console.log(`tests: no containers (${firstLine(error)}), so PostgreSQL is the embedded one`)
    return startEmbedded()
  }
}

async function startEmbedded(): Promise<TestServers> {
  if (!hasRedis) console.log('tests: no redis-server or valkey-server here, so tests with Redis are skipped')
  const [postgres, redis] = await Promise.all([
    startPostgresServer({ log: console.log }),
    hasRedis ? startRedisServer() : undefined,
  ])
  return {
    postgresUrl: `postgres://${NAME}:${NAME}@127.0.0.1:${postgres.port}/${NAME}`,
    redisUrl: redis ? `redis://127.0.0.1:${redis.port}` : '',
    stop: async () => {
      await Promise.all([postgres.close(), redis?.close()])
    },
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? ''
}
