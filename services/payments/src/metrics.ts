import { Counter, type Registry } from 'prom-client'

export type ChargeMetrics = ReturnType<typeof createChargeMetrics>

export function createChargeMetrics(registry: Registry) {
  const charges = new Counter({
    name: 'payments_charges_total',
    help: 'Charges by result; replayed: the key had been charged before; refused: voided, or charged with another amount',
    labelNames: ['result'] as const,
    registers: [registry],
  })
  const voids = new Counter({
    name: 'payments_voids_total',
    help: 'Voids by result; replayed: the key had been voided before',
    labelNames: ['result'] as const,
    registers: [registry],
  })
  for (const result of ['success', 'failed', 'replayed', 'expired', 'refused'] as const)
    charges.inc({ result }, 0)
  for (const result of ['success', 'replayed'] as const) voids.inc({ result }, 0)
  return { charges, voids }
}
