export * from '@quickticket/gateway/policies/breaker'
