const OFFSET = 14695981039346656037n
const PRIME = 1099511628211n
const SEPARATOR = 255

/**
 * The fingerprint that Alertmanager gives these labels: FNV-1a over their sorted names and values.
 *
 * @see https://github.com/prometheus/common/blob/main/model/signature.go
 */
export function fingerprintOf(labels: Record<string, string>): string {
  let hash = OFFSET
  const add = (byte: number): void => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME)
  }
  const names = Object.keys(labels).sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  for (const name of names) {
    for (const text of [name, labels[name] ?? '']) {
      Buffer.from(text).forEach(add)
      add(SEPARATOR)
    }
  }
  return hash.toString(16).padStart(16, '0')
}
