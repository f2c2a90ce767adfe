export * from '@quickticket/gateway/policies/retry'
