import { spawnSync } from 'node:child_process'
import { stringify } from 'yaml'

const IMAGE = 'prom/prometheus:v3.11.2'

/** promtool of this machine, or the one in Prometheus' image if that is here; undefined without both. */
export const promtool = findPromtool()

/** What promtool has against these expressions, by their names; undefined when all are PromQL. */
export function complaintsAbout(expressions: Record<string, string>): string | undefined {
  const rules = Object.entries(expressions).map(([where, expr]) => ({ alert: where, expr }))
  const [command = '', ...args] = promtool ?? []
  const { status, stdout, stderr } = spawnSync(command, [...args, 'check', 'rules', '--lint=none'], {
    input: stringify({ groups: [{ name: 'queries', rules }] }),
    encoding: 'utf8',
  })
  return status === 0 ? undefined : `${stdout}${stderr}`
}

function findPromtool(): string[] | undefined {
  if (spawnSync('promtool', ['--version']).status === 0) return ['promtool']
  const container = [
    'docker',
    'run',
    '--rm',
    '--interactive',
    '--network=none',
    '--entrypoint=promtool',
    IMAGE,
  ]
  const there = spawnSync('docker', ['image', 'inspect', IMAGE]).status === 0
  return there ? container : undefined
}
