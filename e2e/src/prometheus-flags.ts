import { tryDocker } from './docker.ts'
import type { Environment } from './system.ts'

const IMAGE = 'prom/prometheus:v3.11.2'

/** For docker-compose.monitoring.yaml: some builds of Prometheus (Debian's) come without the OTLP receiver and refuse its flag. */
export async function prometheusFlags(): Promise<Environment> {
  const help = await tryDocker(['run', '--rm', '--network=none', '--entrypoint=prometheus', IMAGE, '--help'])
  const takesPushes = `${help.stdout}${help.stderr}`.includes('--web.enable-otlp-receiver')
  // one that every build has takes its place
  return takesPushes ? {} : { PROMETHEUS_PUSH_FLAG: '--web.enable-lifecycle' }
}
