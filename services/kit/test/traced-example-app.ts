import { captureLog } from '@quickticket/testing/captured-log'
import { onTestFinished } from 'vitest'
import type { App } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { startTracing } from '../src/tracing/tracing.ts'
import { tracingVariables } from '../src/tracing/variables.ts'
import { exampleApp } from './example-app.ts'

/** The example with tracing, closed with the test. Its collector does not exist: spans are lost, their ids are not. */
export async function tracedExampleApp(): Promise<App> {
  const { log } = captureLog()
  const config = loadConfig(tracingVariables, {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1',
  })
  const tracing = await startTracing(config, { service: 'example', version: '1.2.3', log })
  const app = exampleApp({ log, tracing })
  onTestFinished(() => app.close())
  return app
}
