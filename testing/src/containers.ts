import { NAME } from '@quickticket/local/postgres-cluster'
import { waitUntil } from '@quickticket/local/wait'
import pg from 'pg'
import type { TestServers } from './servers.ts'
import { IMAGES } from './versions.ts'

/** Without Ryuk, which is one more image to pull: the containers are stopped by the teardown. */
export async function startContainers(): Promise<TestServers> {
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true'
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers')
  await getContainerRuntimeClient()
  const credentials = { POSTGRES_USER: NAME, POSTGRES_PASSWORD: NAME, POSTGRES_DB: NAME }
  const starting = [
    new GenericContainer(IMAGES.postgres)
      .withEnvironment(credentials)
      .withCommand(['postgres', '-c', 'fsync=off'])
      .withExposedPorts(5432)
      .start(),
    new GenericContainer(IMAGES.redis).withExposedPorts(6379).start(),
  ] as const
  const [postgres, redis] = await Promise.all(starting).catch(async (error: unknown) => {
    for (const outcome of await Promise.allSettled(starting)) {
      if (outcome.status === 'fulfilled') await outcome.value.stop()
    }
    throw error
  })
  const postgresUrl = `postgres://${NAME}:${NAME}@${postgres.getHost()}:${postgres.getMappedPort(5432)}/${NAME}`
  const redisUrl = `redis://${redis.getHost()}:${redis.getMappedPort(6379)}`
  const stop = async () => {
    await Promise.all([postgres.stop(), redis.stop()])
  }
  if (await waitUntil(() => accepts(postgresUrl), 60_000)) return { postgresUrl, redisUrl, stop }
  await stop()
  throw new Error('PostgreSQL in its container did not answer within a minute')
}

/** The port of a container is open before the server behind it is ready. */
async function accepts(postgresUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: postgresUrl, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  const connected = client.connect().then(
    () => true,
    () => false,
  )
  return connected.finally(() => client.end())
}
