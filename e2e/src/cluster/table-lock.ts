import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { clusterEnvironment } from './environment.ts'

export interface TableLock {
  release(): Promise<void>
}

/** Has a table for itself, from a session in the pod of PostgreSQL, until it is released. */
export async function lockTable(namespace: string, table: string): Promise<TableLock> {
  const psql = ['psql', '-U', 'quickticket', '-d', 'quickticket', '-v', 'ON_ERROR_STOP=1']
  const session = spawn('kubectl', ['exec', '-i', '-n', namespace, 'deployment/postgres', '--', ...psql], {
    env: clusterEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(session, 'exit')
  session.stdin.on('error', () => undefined)
  session.stdin.write(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE;\n`)
  const { promise: locked, resolve } = Promise.withResolvers<'locked'>()
  session.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('LOCK TABLE')) resolve('locked')
  })
  if ((await Promise.race([locked, exited])) !== 'locked')
    throw new Error(`the table ${table} could not be locked`)
  return {
    async release() {
      session.stdin.end()
      await exited
    },
  }
}
