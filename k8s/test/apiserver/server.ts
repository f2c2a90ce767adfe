import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findTool } from '../../src/tools.ts'

export interface ApiServer {
  version: string
  /** What kubectl wrote; throws what it complained about. */
  kubectl(args: string[], input?: string): Promise<{ stdout: string; stderr: string }>
  /** The same of helm. */
  helm(args: string[]): Promise<{ stdout: string; stderr: string }>
  stop(): Promise<void>
}

const version = readFileSync(join(import.meta.dirname, 'go.mod'), 'utf8').match(
  /k8s\.io\/kubernetes v(\S+)/,
)?.[1] as string

/** Where build.sh has put the programs; undefined when it has not run. */
export function builtServer(): string | undefined {
  const cache = process.env.QUICKTICKET_CACHE ?? join(homedir(), '.cache/quickticket')
  const directory = join(cache, `kubernetes-${version}`)
  return existsSync(join(directory, 'kube-apiserver')) ? directory : undefined
}

/** An API server with nothing behind it: it checks, stores and answers, but nobody starts pods. */
export async function startApiServer(programs: string): Promise<ApiServer> {
  const data = mkdtempSync(join(tmpdir(), 'quickticket-apiserver-'))
  const [etcdPort, peerPort, port] = await Promise.all([freePort(), freePort(), freePort()])
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const url = `https://127.0.0.1:${port}`
  const key = join(data, 'service-account.pem')
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  writeFileSync(key, privateKey)
  writeFileSync(join(data, 'tokens.csv'), 'test,test,test,system:masters\n')

  const processes = [
    spawn(
      join(programs, 'etcd'),
      [
        `--data-dir=${join(data, 'etcd')}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
        // what is lost with the test is no loss
        '--unsafe-no-fsync',
      ],
      { stdio: 'ignore' },
    ),
    spawn(
      join(programs, 'kube-apiserver'),
      [
        `--etcd-servers=${etcdUrl}`,
        `--secure-port=${port}`,
        '--bind-address=127.0.0.1',
        `--cert-dir=${data}`,
        `--service-account-key-file=${key}`,
        `--service-account-signing-key-file=${key}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        `--token-auth-file=${join(data, 'tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.0.0.0/16',
      ],
      { stdio: 'ignore' },
    ),
  ]
  const server: ApiServer = {
    version,
    kubectl: (args, input) => {
      const access = [`--server=${url}`, '--insecure-skip-tls-verify', `--cache-dir=${data}`]
      return run('kubectl', [...access, TOKEN, ...args], input)
    },
    helm: (args) => {
      const access = [`--kube-apiserver=${url}`, '--kube-insecure-skip-tls-verify']
      return run('helm', [...access, `--kube-${TOKEN.slice(2)}`, ...args])
    },
    async stop() {
      await Promise.all(processes.map(end))
      rmSync(data, { recursive: true })
    },
  }
  try {
    await ready(server, processes)
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

const TOKEN = '--token=test'

async function run(name: 'kubectl' | 'helm', args: string[], input = '') {
  const tool = findTool(name)
  if (!tool) throw new Error(`there is no ${name}`)
  const running = promisify(execFile)(tool, args, {
    maxBuffer: 2 ** 26,
    env: { ...process.env, KUBECONFIG: '/dev/null' },
  })
  running.child.stdin?.end(input)
  return running
}

const START_TIMEOUT_MS = 90_000

async function ready(server: ApiServer, processes: ChildProcess[]): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (;;) {
    const ended = processes.find(({ exitCode }) => exitCode !== null)
    if (ended) throw new Error(`${ended.spawnfile} ended with ${ended.exitCode}`)
    try {
      await server.kubectl(['get', 'namespace', 'default', 'kube-system'])
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await delay(250)
    }
  }
}

async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const ended = once(process, 'exit')
  process.kill('SIGKILL')
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
