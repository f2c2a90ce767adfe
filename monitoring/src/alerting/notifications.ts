import {
  type ContactPoint,
  ContactPointBuilder,
  type NotificationPolicy,
  NotificationPolicyBuilder,
} from '@grafana/grafana-foundation-sdk/alerting'

const NAME = 'quickticket-alerts'

/** Grafana puts its own environment in for ${…}; the Compose file gives it a value, since an empty address stops Grafana. */
const WEBHOOK_URL = `\${ALERT_WEBHOOK_URL}`

export function contactPoint(): ContactPoint {
  return new ContactPointBuilder()
    .uid(NAME)
    .name(NAME)
    .type('webhook')
    .settings({ url: WEBHOOK_URL, httpMethod: 'POST' })
    .disableResolveMessage(false)
    .build()
}

/** As lab 6 sets it. */
export function notificationPolicy(): NotificationPolicy {
  return new NotificationPolicyBuilder()
    .receiver(NAME)
    .groupBy(['alertname'])
    .groupWait('30s')
    .groupInterval('5m')
    .repeatInterval('5m')
    .build()
}
