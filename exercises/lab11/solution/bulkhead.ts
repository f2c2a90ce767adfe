export * from '@quickticket/gateway/policies/bulkhead'
