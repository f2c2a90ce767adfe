import type { Rule } from '@grafana/grafana-foundation-sdk/alerting'
import { stringify } from 'yaml'
import { contactPoint, notificationPolicy } from './notifications.ts'
import { alertRules, FOLDER, GROUP } from './rules.ts'

const ORGANIZATION = 1
const HEADER = '# Written by `npm run dashboards` from monitoring/src/alerting. Change it there.\n'

/** Every file of monitoring/grafana/provisioning/alerting, by its name. */
export function renderAlerting(): Record<string, string> {
  const { name, ...receiver } = contactPoint()
  return {
    'contact-points.yaml': render({ contactPoints: [{ orgId: ORGANIZATION, name, receivers: [receiver] }] }),
    'policies.yaml': render({ policies: [{ orgId: ORGANIZATION, ...notificationPolicy() }] }),
    'rules.yaml': render({
      groups: [
        {
          orgId: ORGANIZATION,
          name: GROUP,
          folder: FOLDER,
          interval: '1m',
          rules: alertRules().map(forFile),
        },
      ],
    }),
  }
}

/** In a file, group, folder and organization are around the rule and not in it. */
function forFile({ orgID: _, folderUID: __, ruleGroup: ___, ...rule }: Rule) {
  return rule
}

function render(content: object): string {
  // by way of JSON, which leaves out what the SDK adds for TypeScript's sake
  const plain = JSON.parse(JSON.stringify({ apiVersion: 1, ...content }))
  return HEADER + stringify(plain, { lineWidth: 0, aliasDuplicateObjects: false })
}
