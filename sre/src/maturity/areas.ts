import type { Check } from '../ready/check.ts'
import { actionsOnTime } from '../ready/checks/actions-on-time.ts'
import { alertmanager } from '../ready/checks/alertmanager.ts'
import { autoscaling } from '../ready/checks/autoscaling.ts'
import { capacityKnown } from '../ready/checks/capacity-known.ts'
import { dashboards } from '../ready/checks/dashboards.ts'
import { errorBudget } from '../ready/checks/error-budget.ts'
import { failuresRehearsed } from '../ready/checks/failures-rehearsed.ts'
import { incidentsHandled } from '../ready/checks/incidents-handled.ts'
import { limits } from '../ready/checks/limits.ts'
import { objectives } from '../ready/checks/objectives.ts'
import { probes } from '../ready/checks/probes.ts'
import { releasePolicies } from '../ready/checks/release-policies.ts'
import { restoreVerified } from '../ready/checks/restore-verified.ts'
import { rollbackTried } from '../ready/checks/rollback-tried.ts'
import { rulesLoaded } from '../ready/checks/rules-loaded.ts'
import { runbooks } from '../ready/checks/runbooks.ts'
import { servicesAlerted } from '../ready/checks/services-alerted.ts'
import { servicesScraped } from '../ready/checks/services-scraped.ts'
import { capacityAhead } from './practices/capacity-ahead.ts'
import { changesSafe } from './practices/changes-safe.ts'
import { deploysRecorded } from './practices/deploys-recorded.ts'
import { diagnosisAutomatic } from './practices/diagnosis-automatic.ts'
import { incidentsFollowedUp } from './practices/incidents-followed-up.ts'
import { incidentsRecorded } from './practices/incidents-recorded.ts'
import { failureRehearsed, rehearsedWeekly } from './practices/rehearsals.ts'
import { toilBelowHalf, toilEveryWeek, toilFalls, toilRecorded } from './practices/toil.ts'

/**
 * Five levels, from 0 on, named as texts on SRE and IT operations name them: chaotic, reactive and proactive, then managed and
 * optimizing as in CMMI.
 */
export const LEVELS = ['chaotic', 'reactive', 'proactive', 'managed', 'optimizing'] as const

export interface Area {
  name: string
  /** for levels 1 to 4: that it can be seen, that it is prepared for, that it is measured, that it is done again and again */
  needs: [Check[], Check[], Check[], Check[]]
}

/** A level is reached when its checks and those of all levels below pass; one that does not apply does not count. */
export const AREAS: Area[] = [
  {
    name: 'monitoring',
    needs: [
      [servicesScraped],
      [rulesLoaded, servicesAlerted, alertmanager],
      [objectives, dashboards],
      [errorBudget],
    ],
  },
  {
    name: 'incident response',
    needs: [
      [alertmanager],
      [runbooks, incidentsHandled],
      [incidentsRecorded, incidentsFollowedUp, actionsOnTime],
      [diagnosisAutomatic],
    ],
  },
  {
    name: 'release',
    needs: [[deploysRecorded], [probes, rollbackTried], [releasePolicies, errorBudget], [changesSafe]],
  },
  {
    name: 'capacity',
    needs: [[limits], [capacityKnown], [autoscaling], [capacityAhead]],
  },
  {
    name: 'chaos',
    needs: [[failureRehearsed], [restoreVerified], [failuresRehearsed], [rehearsedWeekly]],
  },
  {
    name: 'toil',
    needs: [[toilRecorded], [toilEveryWeek], [toilBelowHalf], [toilFalls]],
  },
]
