/** What of the protocol runs at a time, so that its states can all be searched; the numbers are those of protocol.pml. */
export const SCENARIOS = {
  sale: { number: 1, about: 'two buyers reserve and pay the last seat' },
  loss: { number: 2, about: 'the same, and Redis loses its data once' },
  twice: { number: 3, about: 'one reservation is paid by two requests at a time' },
  money: {
    number: 4,
    about: 'the same, with a release, charges that arrive late, and a restart of payments',
  },
  reserve: { number: 5, about: 'one reservation is confirmed or released while another one is made' },
} as const

export type Scenario = keyof typeof SCENARIOS

/** Something that the protocol does so that a promise is kept. */
export interface Safeguard {
  /** what is given to the model to take it away */
  defines: string[]
  about: string
  /** where its absence shows first */
  scenario: Scenario
  /** the promises are kept without it as well */
  redundant?: true
}

/** A COMMIT that takes no time makes shorter traces; the protocol itself is checked with one that does. */
const QUICK = 'COMMIT=0'

export const SAFEGUARDS: Record<string, Safeguard> = {
  'expiry-check': {
    defines: ['NO_EXPIRY_CHECK', QUICK],
    about: 'confirm refuses a checkout that has expired, by the clock of PostgreSQL after its last lock',
    scenario: 'sale',
  },
  'hold-outlives-checkout': {
    defines: ['NO_HOLD_OUTLIVES_CHECKOUT', QUICK],
    about: 'the end of a checkout is counted from before its hold is prolonged, and comes a margin earlier',
    scenario: 'sale',
  },
  margin: {
    defines: ['MARGIN=1'],
    about: 'that margin is longer than a COMMIT and the deadline of a reservation together',
    scenario: 'sale',
  },
  'database-check': {
    defines: ['NO_DATABASE_CHECK', QUICK],
    about: 'PostgreSQL refuses to sell more than there is',
    scenario: 'loss',
  },
  'one-order': {
    defines: ['NO_ONE_ORDER', QUICK],
    about: 'the checkout is closed and its order inserted in one transaction, by keys',
    scenario: 'twice',
  },
  'idempotent-charge': {
    defines: ['NO_IDEMPOTENT_CHARGE', QUICK],
    about: "payments charges once for each key, and the key is the reservation's id",
    scenario: 'twice',
  },
  'intent-before-charge': {
    defines: ['NO_INTENT_BEFORE_CHARGE', QUICK],
    about: 'the checkout is written before the charge, so that any replica can give the charge back',
    scenario: 'money',
  },
  'charge-before': {
    defines: ['NO_CHARGE_BEFORE', QUICK],
    about: 'payments refuses a charge that comes too late',
    scenario: 'money',
  },
  'last-void': {
    defines: ['NO_LAST_VOID', QUICK],
    about: 'a void is repeated when no charge can take effect any more',
    scenario: 'money',
  },
  'voided-key': {
    defines: ['NO_VOIDED_KEY'],
    about: 'payments refuses a key that it remembers as voided',
    scenario: 'money',
    redundant: true,
  },
  'sold-memory': {
    defines: ['NO_SOLD_MEMORY', QUICK],
    about: 'Redis remembers for a minute how many seats are sold when a sold hold ends',
    scenario: 'reserve',
  },
  'reserve-deadline': {
    defines: ['NO_RESERVE_DEADLINE', QUICK],
    about: 'Redis refuses a reservation that read the number of sold seats too long ago',
    scenario: 'reserve',
  },
  'take-back': {
    defines: ['NO_TAKE_BACK', QUICK],
    about: 'a reservation that was answered with an error is taken back, also before its script runs',
    scenario: 'reserve',
  },
  'abandon-first': {
    defines: ['NO_ABANDON_FIRST', QUICK],
    about: 'a release closes the checkout before it frees the hold',
    scenario: 'reserve',
  },
}

/** The protocol before the first two safeguards were there. */
export const AS_BEFORE: Safeguard = {
  defines: ['NO_EXPIRY_CHECK', 'NO_HOLD_OUTLIVES_CHECKOUT', QUICK],
  about: 'the protocol of version 1.0',
  scenario: 'sale',
}

/** The shortest trace of what goes wrong needs no second reconciler, and ends when a buyer is harmed. */
export const FOR_A_TRACE = ['RECONCILERS=1', 'ONLY_HARM']
