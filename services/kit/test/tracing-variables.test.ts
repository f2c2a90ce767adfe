import { expect, test } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { tracingVariables } from '../src/tracing/variables.ts'

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }

const BAD: Record<string, string[]> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: [
    'collector:4318',
    'grpc://collector:4317',
    'http://',
    'http://a b',
    'http://a:99999',
  ],
  OTEL_SDK_DISABLED: ['yes', '1', ' '],
  OTEL_EXPORTER_OTLP_PROTOCOL: ['grpc', 'http', 'HTTP/JSON'],
  OTEL_EXPORTER_OTLP_HEADERS: ['authorization', '=x', 'a=%zz'],
  OTEL_EXPORTER_OTLP_TIMEOUT: ['0', '-1', '1.5', '10s'],
  OTEL_EXPORTER_OTLP_COMPRESSION: ['zstd', 'GZIP'],
  OTEL_TRACES_SAMPLER: ['always', 'traceIdRatio', 'jaeger_remote'],
  OTEL_TRACES_SAMPLER_ARG: ['-0.1', '1.1', '5%', '0,5'],
  OTEL_RESOURCE_ATTRIBUTES: ['lab', '=lab', 'a=%'],
  OTEL_BSP_SCHEDULE_DELAY: ['0', '-1', '5s'],
  OTEL_BSP_EXPORT_TIMEOUT: ['0', '-1', '30s'],
  OTEL_BSP_MAX_QUEUE_SIZE: ['0', '-1', '1e3'],
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: ['0', '-1', 'all'],
}

const bad = Object.entries(BAD).flatMap(([name, values]) => values.map((value) => [name, value] as const))

test.for(bad)('%s=%j is refused in one line that says what is allowed', ([name, value]) => {
  const message = refusal({ ...ENDPOINT, [name]: value })
  const shown = name === 'OTEL_EXPORTER_OTLP_HEADERS' ? '(hidden)' : JSON.stringify(value)
  expect(message).toContain(`bad configuration: ${name}=${shown} must be `)
  expect(message.split('\n')).toHaveLength(1)
  expect(message.match(/\bOTEL_[A-Z_]+/g)).toEqual([name])
})

test('every variable that can be wrong is tried, and only the name of the service can be any text', () => {
  const names = Object.keys(tracingVariables).filter((name) => name !== 'OTEL_SERVICE_NAME')
  expect(Object.keys(BAD).toSorted()).toEqual(names.toSorted())
})

test('credentials in headers are not shown', () => {
  expect(refusal({ ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=%zz knock' })).not.toContain(
    'knock',
  )
})

test.for(['https://collector', 'http://[::1]:4318/', 'http://10.0.0.1:4318/otlp'])(
  '%s is an endpoint',
  (url) => {
    expect(loadConfig(tracingVariables, { OTEL_EXPORTER_OTLP_ENDPOINT: url })).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
      OTEL_TRACES_SAMPLER_ARG: 1,
    })
  },
)

function refusal(environment: Record<string, string>): string {
  try {
    loadConfig(tracingVariables, environment)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was accepted')
}
