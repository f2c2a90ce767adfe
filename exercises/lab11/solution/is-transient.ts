export { isTransient } from '@quickticket/gateway/payments-client'
