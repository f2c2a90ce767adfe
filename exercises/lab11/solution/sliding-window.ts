export * from '@quickticket/gateway/sliding-window'
