import { connect } from 'node:net'
import { docker, tryDocker } from '../docker.ts'

/** Those that the pages show; a student has them free, so the test needs them too. */
const PORTS = [3080, 3090, 8081, 8082, 5432, 6379, 9090, 9093, 9094, 16686]
/** Every Compose file that a page uses, so that nothing of it is left over. */
const FILES = [
  'docker-compose.yaml',
  'docker-compose.monitoring.yaml',
  'docker-compose.observability.yaml',
].flatMap((file) => ['-f', file])
/** Containers that pages start next to the project. */
const BESIDE = ['lab2-gateway', 'lab2-payments', 'lab6-webhook']

/** @throws Error that says what the machine lacks */
export async function expectReadyForLabs(): Promise<void> {
  const running = await tryDocker(['compose', 'ps', '--all', '--quiet'])
  if (running.code !== 0) throw new Error(`the labs need Docker with Compose:\n${running.stderr}`)
  if (running.stdout.trim() !== '') {
    throw new Error(
      'the Compose project "quickticket" exists already; end it with "docker compose down -v" first',
    )
  }
  const answering = await Promise.all(PORTS.map(isInUse))
  const inUse = PORTS.filter((_, index) => answering[index])
  if (inUse.length > 0) {
    throw new Error(
      `the pages show plain ports, and something else listens on ${inUse.join(', ')}: stop it first`,
    )
  }
}

/** Ends what the pages started, with its data. */
export async function removeStack(): Promise<void> {
  // a page that failed in the middle has not removed them; without them this does nothing
  await tryDocker(['rm', '--force', ...BESIDE])
  await docker([
    'compose',
    ...FILES,
    '--all-resources',
    '--profile',
    '*',
    'down',
    '--volumes',
    '--remove-orphans',
  ])
}

function isInUse(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const settle = (listening: boolean) => {
      socket.destroy()
      resolve(listening)
    }
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
    // what neither takes nor refuses a connection has the port too
    socket.setTimeout(2000, () => settle(true))
  })
}
