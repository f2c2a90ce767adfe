export * from '@quickticket/gateway/policies/sliding-window'
