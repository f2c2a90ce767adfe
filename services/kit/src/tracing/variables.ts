import type { Static, TObject, TSchema } from 'typebox'
import { checked, flag, integer, rate, secret, usedWhen } from '../config.ts'
import { Type } from '../schema.ts'
import { parsePairs } from './pairs.ts'

const PAIRS = 'NAME=VALUE pairs with commas between them; values are percent-encoded'

/**
 * OpenTelemetry's own variables, as far as traces need them. The exporter reads those for certificates itself.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export const tracingVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: checked(
    '',
    'where traces are sent, without `/v1/traces`, such as `http://collector:4318`; empty: no traces',
    'http(s)://host[:port][/path]',
    checkEndpoint,
  ),
  OTEL_SDK_DISABLED: flag(false, 'whether there are no traces all the same'),
  OTEL_EXPORTER_OTLP_PROTOCOL: needed(
    Type.Enum(['http/protobuf', 'http/json'], {
      default: 'http/protobuf',
      description: 'how traces are sent; gRPC is not supported',
    }),
  ),
  OTEL_EXPORTER_OTLP_HEADERS: needed({
    ...secret('', 'headers that are sent with traces, for a collector that asks for credentials'),
    allowed: PAIRS,
    check: parsePairs,
  }),
  OTEL_EXPORTER_OTLP_TIMEOUT: needed(
    integer(1, 600_000, 10_000, 'deadline for sending one batch, retries included, in milliseconds'),
  ),
  OTEL_EXPORTER_OTLP_COMPRESSION: needed(
    Type.Enum(['none', 'gzip'], { default: 'none', description: 'compression of batches' }),
  ),
  OTEL_TRACES_SAMPLER: needed(
    Type.Enum(
      [
        'parentbased_always_on',
        'parentbased_always_off',
        'parentbased_traceidratio',
        'always_on',
        'always_off',
        'traceidratio',
      ],
      {
        default: 'parentbased_always_on',
        description: 'which traces are recorded; `parentbased_…`: those of a caller as the caller decided',
      },
    ),
  ),
  OTEL_TRACES_SAMPLER_ARG: needed(rate(1, 'share of traces that `…traceidratio` records')),
  OTEL_SERVICE_NAME: Type.String({
    default: '',
    description: 'name of the service in its spans; empty: `gateway`, `events`, …',
  }),
  OTEL_RESOURCE_ATTRIBUTES: needed(
    checked('', 'attributes of all spans, such as `deployment.environment.name=lab`', PAIRS, parsePairs),
  ),
  OTEL_BSP_SCHEDULE_DELAY: needed(
    integer(1, 600_000, 5000, 'longest time that a span waits for its batch, in milliseconds'),
  ),
  OTEL_BSP_EXPORT_TIMEOUT: needed(
    integer(1, 600_000, 30_000, 'time after which a batch counts as failed, in milliseconds'),
  ),
  OTEL_BSP_MAX_QUEUE_SIZE: needed(
    integer(1, 1_000_000, 4096, 'spans that wait to be sent; more are dropped and counted'),
  ),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: needed(integer(1, 1_000_000, 512, 'spans in one batch at most')),
}

export type TracingConfig = Static<TObject<typeof tracingVariables>>

/** Only with an endpoint. */
function needed<T extends TSchema>(schema: T): T {
  return usedWhen((config) => config.OTEL_EXPORTER_OTLP_ENDPOINT !== '', schema)
}

function checkEndpoint(text: string): void {
  if (text === '') return
  if (!/^https?:\/\/[^\s?#]+$/.test(text) || !URL.canParse(text)) throw new Error('it is no such address')
}
