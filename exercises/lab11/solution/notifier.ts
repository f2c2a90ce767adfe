import { createNotifier as createOfGateway } from '@quickticket/gateway/notifier'
import type { Subjects } from '../shapes.ts'

export const createNotifier: Subjects['notifier']['createNotifier'] = (
  baseUrl,
  log,
  notifications,
  maxInFlight = 100,
) => createOfGateway(baseUrl, log, notifications, { maxInFlight })
