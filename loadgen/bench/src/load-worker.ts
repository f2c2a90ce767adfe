import pg from 'pg'
import { runClosedLoop } from './closed-loop.ts'
import { connectTo } from './http-connection.ts'
import type { LatencyJob, LoadJob, SqlJob } from './load-process.ts'
import { prepareStep } from './plans.ts'
import { prepareTransaction } from './transactions.ts'
import { measureTurns } from './turns.ts'

// the process that makes the load: nothing of what is measured runs in it
process.on('message', async (job: LoadJob | SqlJob | LatencyJob) => {
  try {
    process.send?.({ result: await run(job) })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.message : String(error) })
  }
})
process.once('disconnect', () => process.exit())

async function run(job: LoadJob | SqlJob | LatencyJob) {
  if (job.what === 'http') return runHttp(job)
  if (job.what === 'sql') return runSql(job)
  return measureTurns(job)
}

async function runHttp({ url, plan, connections, ...times }: LoadJob) {
  const opened = Array.from({ length: connections }, () => connectTo(url))
  try {
    const steps = await Promise.all(opened.map((connection, number) => prepareStep(plan, connection, number)))
    return await runClosedLoop(steps, times)
  } finally {
    for (const connection of opened) connection.close()
  }
}

async function runSql({ connectionString, transaction, connections, ...times }: SqlJob) {
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString }))
  await Promise.all(clients.map((client) => client.connect()))
  try {
    return await runClosedLoop(
      clients.map((client, number) => prepareTransaction(transaction, client, number)),
      times,
    )
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}
