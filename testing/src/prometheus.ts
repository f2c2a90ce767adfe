import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stringify } from 'yaml'
import { freePort } from './free-port.ts'
import { IMAGES } from './versions.ts'

export interface PrometheusOptions {
  /** A history, in the OpenMetrics text format with a timestamp in seconds on each line; `# EOF` is added. */
  history?: string
  /** Ports of this machine that are scraped each second, by the name of their job. */
  scrape?: Record<string, number>
  /** Files of rules, by their name. */
  rules?: Record<string, string>
}

export interface PrometheusServer {
  url: string
  close(): Promise<void>
}

/** Where a real Prometheus comes from: the PATH, or its image; undefined without both. */
export const prometheusFrom = findPrometheus()

/** A real Prometheus 3 that has seen `history`. */
export async function startPrometheus({
  history,
  scrape = {},
  rules = {},
}: PrometheusOptions): Promise<PrometheusServer> {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-prometheus-'))
  chmodSync(directory, 0o755)
  const data = join(directory, 'data')
  mkdirSync(data)
  const port = await freePort()
  writeFileSync(join(directory, 'prometheus.yml'), configuration(scrape))
  for (const [name, text] of Object.entries(rules)) writeFileSync(join(directory, name), text)
  if (history !== undefined) {
    const file = join(directory, 'history.om')
    writeFileSync(file, `${history.trimEnd()}\n# EOF\n`)
    const [command, ...args] = commandOf('promtool', directory)
    execFileSync(command, [...args, 'tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, data])
  }
  const [command, ...args] = commandOf('prometheus', directory)
  const server = spawn(command, [
    ...args,
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=400d',
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=exemplar-storage',
    '--log.level=error',
  ])
  let written = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    written += text
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  async function close() {
    server.kill('SIGTERM')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
  const deadline = performance.now() + 30_000
  while (!(await isReady(url))) {
    if (server.exitCode !== null || performance.now() > deadline) {
      await close()
      throw new Error(`Prometheus did not start:\n${written}`)
    }
    await delay(100)
  }
  return { url, close }
}

function configuration(scrape: Record<string, number>): string {
  return stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['*.rules.yml'],
    scrape_configs: Object.entries(scrape).map(([job, port]) => ({
      job_name: job,
      static_configs: [{ targets: [`127.0.0.1:${port}`] }],
    })),
  })
}

type Command = [command: string, ...args: string[]]

/** In a container, the directory is where it is outside, and the ports are those of this machine. */
function commandOf(program: 'prometheus' | 'promtool', directory: string): Command {
  if (prometheusFrom === 'here') return [program]
  const run = ['run', '--rm', '--network=host', '--user=0', `--volume=${directory}:${directory}`]
  return ['docker', ...run, `--entrypoint=${program}`, IMAGES.prometheus]
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}

function findPrometheus(): 'here' | 'image' | undefined {
  const programs = ['prometheus', 'promtool'].map((program) =>
    spawnSync(program, ['--version'], { encoding: 'utf8' }),
  )
  const isThree = ({ stdout, stderr }: { stdout: string | null; stderr: string | null }) =>
    Number(/version (\d+)/.exec(`${stdout}${stderr}`)?.[1]) >= 3
  if (programs.every(isThree)) return 'here'
  return spawnSync('docker', ['image', 'inspect', IMAGES.prometheus]).status === 0 ? 'image' : undefined
}
