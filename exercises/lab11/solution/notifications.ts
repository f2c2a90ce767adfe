export { buildApp } from '@quickticket/notifications/app'
