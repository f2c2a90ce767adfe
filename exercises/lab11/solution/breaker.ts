export * from '@quickticket/gateway/breaker'
