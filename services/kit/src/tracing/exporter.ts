import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { parsePairs } from './pairs.ts'
import type { TracingConfig } from './variables.ts'

/** An OTLP exporter over HTTP. It retries a batch until OTEL_EXPORTER_OTLP_TIMEOUT. */
export async function createExporter(config: TracingConfig): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await (config.OTEL_EXPORTER_OTLP_PROTOCOL === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto'))
  return new OTLPTraceExporter({
    url: `${config.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, '')}/v1/traces`,
    headers: parsePairs(config.OTEL_EXPORTER_OTLP_HEADERS),
    timeoutMillis: config.OTEL_EXPORTER_OTLP_TIMEOUT,
    // the type is an enum of a package that the exporter does not pass on; its values are these
    compression: config.OTEL_EXPORTER_OTLP_COMPRESSION as never,
  })
}
