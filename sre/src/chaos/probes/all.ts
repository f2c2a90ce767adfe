import type { Probe } from '../probe.ts'
import { audit } from './audit.ts'
import { http } from './http.ts'
import { prometheus } from './prometheus.ts'
import { purchase } from './purchase.ts'
import { sql } from './sql.ts'

/** Everything that a probe of an experiment can measure with. */
export const PROBES: Probe[] = [prometheus, http, purchase, sql, audit] as Probe[]
