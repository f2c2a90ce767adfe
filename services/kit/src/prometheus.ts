// prom-client without its pushgateway and its cluster, which are most of what its own entrance loads
export { default as Counter } from 'prom-client/lib/counter.js'
export { default as collectDefaultMetrics } from 'prom-client/lib/defaultMetrics.js'
export { default as Gauge } from 'prom-client/lib/gauge.js'
export { default as Histogram } from 'prom-client/lib/histogram.js'
export { default as Registry } from 'prom-client/lib/registry.js'
