export const VIOLATION_KINDS = [
  'oversold',
  'double_charge',
  'charged_no_order',
  'order_no_charge',
  'leaked_hold',
  'stuck_checkout',
  'confirmed_late',
] as const

export type ViolationKind = (typeof VIOLATION_KINDS)[number]

/** Something that must never be, and is. */
export interface Violation {
  kind: ViolationKind
  /** the event or the reservation that it is about */
  subject: string
  detail: string
}
