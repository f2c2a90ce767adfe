export * from '@quickticket/gateway/retry'
