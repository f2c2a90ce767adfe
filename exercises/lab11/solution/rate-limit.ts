export * from '@quickticket/gateway/rate-limit'
