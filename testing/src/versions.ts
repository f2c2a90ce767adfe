/** What `npm` brings for scripts on Linux; other places have its major version. */
export const NODE_VERSION = '24.21.0'

/** Public images, one version of each in the whole project: a test compares all files with this list. */
export const IMAGES = {
  node: 'node:24-trixie-slim',
  distroless: 'gcr.io/distroless/nodejs24-debian13:nonroot',
  postgres: 'postgres:17-alpine',
  redis: 'redis:7-alpine',
  prometheus: 'prom/prometheus:v3.11.2',
  alertmanager: 'prom/alertmanager:v0.28.1',
  grafana: 'grafana/grafana:13.0.1',
  collector: 'otel/opentelemetry-collector-contrib:0.160.0',
  jaeger: 'jaegertracing/jaeger:2.13.0',
  loki: 'grafana/loki:3.7.8',
  victorialogs: 'victoriametrics/victoria-logs:v1.52.1',
  curl: 'curlimages/curl:8.17.0',
  alpine: 'alpine:3.22',
  locust: 'locustio/locust:2.43.4',
}
