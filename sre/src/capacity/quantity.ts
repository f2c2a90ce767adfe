const UNITS: Record<string, number> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}
export const MIB = 2 ** 20
export const GIB = 2 ** 30

/**
 * A quantity of Kubernetes, such as `50m`, `256Mi` or `1`, as cores or bytes; undefined when it is none.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function readQuantity(text: string | number | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(String(text ?? '')) ?? []
  const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor
}

/** `50m`. @param cores rounded up to 10 millicores */
export function cpuQuantity(cores: number): string {
  const millicores = Math.max(Math.ceil(cores * 100 - 1e-9) * 10, 10)
  return millicores % 1000 === 0 ? String(millicores / 1000) : `${millicores}m`
}

/** `96Mi`. @param bytes rounded up to 16 MiB */
export function memoryQuantity(bytes: number): string {
  return `${Math.max(Math.ceil(bytes / MIB / 16) * 16, 32)}Mi`
}
