export * from '@quickticket/gateway/notifier'
