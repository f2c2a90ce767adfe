export * from '@quickticket/gateway/bulkhead'
