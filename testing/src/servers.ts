import { rmSync } from 'node:fs'
import { startGuard } from '@quickticket/local/guard'
import { freePorts } from '@quickticket/local/ports'
import { NAME } from '@quickticket/local/postgres-cluster'
import { startPostgres } from '@quickticket/local/postgres-server'
import { findRedis, startRedis } from '@quickticket/local/redis-server'
import type { TestProject } from 'vitest/node'
import { startContainers } from './containers.ts'
import { makeDataDir } from './system.ts'

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
  const dataDir = makeDataDir()
  const guard = await startGuard()
  const [postgresPort = 0, redisPort = 0] = await freePorts(2)
  const program = findRedis(process.env.PATH ?? '')
  if (!program) console.log('tests: no redis-server or valkey-server here, so tests with Redis are skipped')
  const [postgres, redis] = await Promise.all([
    startPostgres({ dataDir, port: postgresPort, guard, log: console.log, durable: false }),
    program ? startRedis({ program, dataDir, port: redisPort, guard }) : undefined,
  ])
  return {
    postgresUrl: `postgres://${NAME}:${NAME}@127.0.0.1:${postgresPort}/${NAME}`,
    redisUrl: redis ? `redis://127.0.0.1:${redisPort}` : '',
    stop: async () => {
      await Promise.all([postgres.stop('immediate'), redis?.stop()])
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? ''
}
