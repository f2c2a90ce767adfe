export * from '@quickticket/gateway/policies/rate-limit'
