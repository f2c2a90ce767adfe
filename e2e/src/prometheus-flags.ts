import { IMAGES } from '@quickticket/testing/versions'
import { tryDocker } from './docker.ts'
import type { Environment } from './system.ts'

/** For docker-compose.monitoring.yaml: some builds of Prometheus (Debian's) come without the OTLP receiver and refuse its flag. */
export async function prometheusFlags(): Promise<Environment> {
  const help = await tryDocker([
    'run',
    '--rm',
    '--network=none',
    '--entrypoint=prometheus',
    IMAGES.prometheus,
    '--help',
  ])
  const takesPushes = `${help.stdout}${help.stderr}`.includes('--web.enable-otlp-receiver')
  // one that every build has takes its place
  return takesPushes ? {} : { PROMETHEUS_PUSH_FLAG: '--web.enable-lifecycle' }
}
