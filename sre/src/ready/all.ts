import type { Check } from './check.ts'
import { actionsOnTime } from './checks/actions-on-time.ts'
import { alertmanager } from './checks/alertmanager.ts'
import { autoscaling } from './checks/autoscaling.ts'
import { capacityKnown } from './checks/capacity-known.ts'
import { dashboards } from './checks/dashboards.ts'
import { disruptionBudgets } from './checks/disruption-budgets.ts'
import { errorBudget } from './checks/error-budget.ts'
import { failuresRehearsed } from './checks/failures-rehearsed.ts'
import { faultToken } from './checks/fault-token.ts'
import { faultsOff } from './checks/faults-off.ts'
import { imageAge } from './checks/image-age.ts'
import { incidentsHandled } from './checks/incidents-handled.ts'
import { limits } from './checks/limits.ts'
import { networkPolicies } from './checks/network-policies.ts'
import { objectives } from './checks/objectives.ts'
import { passwords } from './checks/passwords.ts'
import { plainSecrets } from './checks/plain-secrets.ts'
import { probes } from './checks/probes.ts'
import { releasePolicies } from './checks/release-policies.ts'
import { restoreVerified } from './checks/restore-verified.ts'
import { rollbackTried } from './checks/rollback-tried.ts'
import { rulesLoaded } from './checks/rules-loaded.ts'
import { runbooks } from './checks/runbooks.ts'
import { serviceToken } from './checks/service-token.ts'
import { servicesAlerted } from './checks/services-alerted.ts'
import { servicesScraped } from './checks/services-scraped.ts'

/** The operational readiness review, in the order of its output. */
export const CHECKS: Check[] = [
  servicesScraped,
  rulesLoaded,
  servicesAlerted,
  alertmanager,
  runbooks,
  objectives,
  dashboards,
  faultsOff,
  errorBudget,
  releasePolicies,
  incidentsHandled,
  actionsOnTime,
  capacityKnown,
  failuresRehearsed,
  restoreVerified,
  rollbackTried,
  probes,
  limits,
  disruptionBudgets,
  autoscaling,
  networkPolicies,
  passwords,
  serviceToken,
  faultToken,
  plainSecrets,
  imageAge,
]
