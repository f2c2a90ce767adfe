export { mayPass } from '@quickticket/gateway/payments-client'
