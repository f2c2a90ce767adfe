import { execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SERVICES, type ServiceName } from '@quickticket/contract/services'
import { readCommandLine } from '@quickticket/kit/command-line'
import { startLocalSystem } from '../local-system.ts'

const USAGE = `npm run test:openapi -- [--seconds N] [--seed N]

Lints the OpenAPI document of every service with Spectral and Redocly, and lets schemathesis send requests made from it to a
running system. They are fetched when they are not there: from npm, and from PyPI into ~/.cache/quickticket.

  --seconds N   how long each service is asked (default 12)
  --seed N      repeats the requests of a run; printed at the end of one that failed`

const { values } = readCommandLine(
  {
    command: 'npm run test:openapi --',
    usage: USAGE,
    options: { seconds: { type: 'string', default: '12' }, seed: { type: 'string' } },
  },
  (parsed) => parsed,
)
const seed = values.seed ?? String(randomInt(2 ** 31))
const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))
const RULES = fileURLToPath(new URL('spectral.yaml', import.meta.url))
const SETTINGS = fileURLToPath(new URL('schemathesis.toml', import.meta.url))
const ENVIRONMENT = join(
  process.env.QUICKTICKET_CACHE ?? join(homedir(), '.cache', 'quickticket'),
  'schemathesis-4.32.5',
)
const SCHEMATHESIS = join(ENVIRONMENT, 'bin', 'schemathesis')

if (!existsSync(SCHEMATHESIS)) install()
const system = await startLocalSystem()
const failed: string[] = []
try {
  for (const service of SERVICES) {
    const url = `${system.url[service]}/openapi.json`
    await run(`Spectral on ${service}`, 'npx', [...npx('@stoplight/spectral-cli@6.16.3'), ...spectral(url)])
    await run(`Redocly on ${service}`, 'npx', [...npx('@redocly/cli@2.77.0'), 'redocly', 'lint', url])
    await run(`schemathesis on ${service}`, SCHEMATHESIS, schemathesis(service, url))
  }
} finally {
  await system.close()
}
console.log(
  failed.length === 0 ? 'all documents hold' : `failed: ${failed.join(', ')}; again: --seed ${seed}`,
)
process.exitCode = failed.length === 0 ? 0 : 1

function install(): void {
  const python = (args: string[]) => execFileSync('python3', args, { stdio: 'inherit' })
  try {
    python(['-m', 'venv', ENVIRONMENT])
  } catch {
    // Debian has it in a package of its own
    execFileSync('apt-get', ['-q', '-y', 'install', '--no-install-recommends', 'python3-venv'], {
      stdio: 'inherit',
    })
    python(['-m', 'venv', '--clear', ENVIRONMENT])
  }
  const pip = join(ENVIRONMENT, 'bin', 'pip')
  execFileSync(pip, ['install', '--quiet', '--require-hashes', '-r', REQUIREMENTS], { stdio: 'inherit' })
}

function npx(versioned: string): string[] {
  return ['--yes', '--ignore-scripts', `--package=${versioned}`, '--']
}

function spectral(url: string): string[] {
  return ['spectral', 'lint', '--ruleset', RULES, '--fail-severity', 'hint', url]
}

function schemathesis(service: ServiceName, url: string): string[] {
  console.log(`schemathesis on ${service}: seed ${seed}, ${values.seconds} s`)
  // /faults would switch on what is not asked for here, and has tests of its own
  const skipped = ['--exclude-path', '/faults']
  return [
    '--config-file',
    SETTINGS,
    'run',
    url,
    '--seed',
    seed,
    '--max-time',
    values.seconds,
    '--no-color',
    ...skipped,
  ]
}

async function run(what: string, command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) failed.push(what)
  console.log(`${what}: ${code === 0 ? 'passed' : 'FAILED'}`)
}
