/** A container of Compose, or the pods of one Deployment, StatefulSet or Rollout, in what both have in common. */
export interface Workload {
  /** gateway, events, payments, notifications, postgres, redis, or another name that Compose or a label `app` gives */
  service: string
  /** `health check`; of a cluster `readiness` and `liveness` */
  probes: string[]
  memoryLimited: boolean
  /** a limit or, of a cluster, a request; on Compose there need be none */
  cpuAssigned: boolean
  variables: Variable[]
  image: string
  /** milliseconds since 1970; undefined: not told */
  imageCreatedAt: number | undefined
  /** of its pods */
  labels: Record<string, string>
}

export interface Variable {
  name: string
  /** undefined: it comes from a Secret, a ConfigMap or the pod itself */
  value: string | undefined
  /** where a Secret has it */
  secret?: { name: string; key: string }
}

/** The value of a variable; empty is unset, as for the services. */
export function plainValue({ variables }: Workload, name: string): string | undefined {
  return variables.find((variable) => variable.name === name)?.value || undefined
}

/** Whether a variable or its `_FILE` has a value, plain or from a Secret. */
export function isSet({ variables }: Workload, name: string): boolean {
  return variables.some(
    (variable) => (variable.name === name || variable.name === `${name}_FILE`) && variable.value !== '',
  )
}
