import { commonVariables, type Environment, integer, loadConfig, secret } from '@quickticket/kit/config'
import { Type } from '@quickticket/kit/schema'

export const variables = {
  ...commonVariables,
  HOST: Type.String({ default: '127.0.0.1', description: 'address to listen on; its image sets `0.0.0.0`' }),
  PORT: integer(0, 65_535, 3090, 'port to listen on; SRE_PORT is the same; 0: any free one'),
  SRE_TOKEN: secret('', 'what the webhook and each changing request must show; empty: both are refused'),
  SRE_CATCH_UP_MS: integer(
    100,
    3_600_000,
    15_000,
    'time between two looks at Alertmanager and Prometheus for alerts that did not arrive',
  ),
}

export type ServerConfig = ReturnType<typeof readServerConfig>

/** @throws {ConfigError} when a variable is wrong */
export function readServerConfig(env: Environment) {
  return loadConfig(variables, { ...env, PORT: env.SRE_PORT || env.PORT })
}
