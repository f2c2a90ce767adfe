import type { Section } from './section.ts'
import { actionItems } from './sections/action-items.ts'
import { capacityPlan } from './sections/capacity-plan.ts'
import { dora } from './sections/dora.ts'
import { incidents } from './sections/incidents.ts'
import { loadTests } from './sections/load-tests.ts'
import { monitoringGaps } from './sections/monitoring-gaps.ts'
import { readinessSection } from './sections/readiness.ts'
import { risks } from './sections/risks.ts'
import { sloCompliance } from './sections/slo-compliance.ts'
import { toil } from './sections/toil.ts'

/** The seven sections that lab 10 asks for, in its order; then incidents, readiness and what was agreed on. */
export const SECTIONS: Section[] = [
  sloCompliance,
  loadTests,
  dora,
  risks,
  toil,
  monitoringGaps,
  capacityPlan,
  incidents,
  readinessSection,
  actionItems,
]
