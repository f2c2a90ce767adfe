import { buildApp } from '@quickticket/gateway/app'
import { variables } from '@quickticket/gateway/config'
import { loadConfig } from '@quickticket/kit/config'
import { captureLog } from './captured-log.ts'

/** The gateway as it is with these variables, and what it logs. */
export async function gatewayApp(env: Record<string, string>) {
  const logs = captureLog('info', 'gateway')
  const app = await buildApp(loadConfig(variables, env), '1.0.0', logs.log)
  return { app, logs }
}
