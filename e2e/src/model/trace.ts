/** One step of a run of the model. */
export interface Step {
  /** the reservation, `A` or `B`; `A2` is a second payment of A; `-` is none */
  who: string
  /** as in `pay.charge` */
  name: string
  /** what the model tells with it, for `time` the number of ticks */
  number: number | undefined
}

/** Reads what the model said on the way to an error; ticks of the clock in a row become one step. */
export function readTrace(replay: string): Step[] {
  const steps: Step[] = []
  for (const line of replay.split('\n')) {
    const [, who, name, number] = /^\s+(A2?|B|-) +([a-z]+(?:\.[a-z_]+)?)(?: (\d+))?$/.exec(line) ?? []
    if (!who || !name) continue
    const last = steps.at(-1)
    if (name !== 'time') steps.push({ who, name, number: number ? Number(number) : undefined })
    else if (last?.name === 'time') last.number = (last.number ?? 0) + 1
    else steps.push({ who, name, number: 1 })
  }
  return steps
}

const PROMISES: [assertion: RegExp, promise: string][] = [
  [/non-progress cycle/, 'in the end every seat is sold or free: this run has no end'],
  [/violated \(sold<=/, '1: an event is oversold'],
  [/violated \(lost\|\|\(\(\(sold/, '1: more seats are sold and held than there are'],
  [/violated \(lost\|\|\(holdEndsIn/, '1: a hold ends before its checkout'],
  [/violated \(?lost\b/, '4: a buyer is charged for a seat that another one got'],
  [/violated *\( *!\(failed/, '2: a reservation that was answered with an error holds a seat'],
  [/violated \(holdEndsIn/, '2: a hold never ends'],
  [/violated \(orders\[\w+\]<=/, '3: one reservation has two orders'],
  [/violated \(standing\[\w+\]<=/, '3: one reservation is charged twice'],
  [
    /violated \(standing\[\w+\]==/,
    '4: in the end a charge stands without an order, or an order without a charge',
  ],
]

/** The promise that Spin's report says to be broken. */
export function brokenPromise(report: string): string {
  const promise = PROMISES.find(([assertion]) => assertion.test(report))?.[1]
  return promise ?? report.split('\n').find((line) => line.startsWith('pan:1:')) ?? report
}

const SENTENCES: Record<string, string> = {
  time: '# ticks pass',
  'redis.lose': 'Redis loses its data',
  'payments.restart': 'payments restarts, and forgets which keys were voided',
  'payments.late_charge': 'payments: the request of before arrives, and is charged',
  'payments.late_refused': 'payments: the request of before arrives, and is refused',
  'payments.lost': 'the request to charge is lost',
  'gateway.timeout': 'the gateway has no answer in time',
  'gateway.take_back': 'Redis: the reservation is taken back',
  'gateway.failed': 'the gateway answers the buyer with an error',
  'reserve.read': 'PostgreSQL: # seats are sold',
  'reserve.held': 'Redis: the seat is held for # ticks',
  'reserve.sold_out': 'Redis: no seat is left',
  'reserve.late': 'Redis: refused, the deadline is over',
  'reserve.ended': 'Redis: refused, it was taken back before',
  'reserve.crash': 'the process ends',
  'pay.clock': 'PostgreSQL: there is no order yet; the clock is read',
  'pay.order': 'PostgreSQL: there is the order already',
  'pay.prolong': 'Redis: the hold lasts # more ticks',
  'pay.not_held': 'Redis: there is no hold',
  'pay.open': 'PostgreSQL: the checkout is open for # ticks',
  'pay.closed': 'PostgreSQL: the checkout is closed',
  'pay.charge': 'payments: charged',
  'pay.refused': 'payments: the charge is refused',
  'pay.timeout': 'the gateway does not wait longer for payments, its request is under way',
  'pay.check': 'PostgreSQL: confirm has locked the event, and finds nothing against it',
  'pay.expired': 'PostgreSQL: not confirmed, the checkout has expired',
  'pay.sold_out': 'PostgreSQL: not confirmed, no seat is left',
  'pay.commit': 'PostgreSQL: COMMIT, # seats are sold',
  'pay.complete': 'Redis: the hold ends as sold, and the number of seats sold is remembered',
  'pay.crash': 'the process ends',
  'release.abandon': 'PostgreSQL: the checkout is closed',
  'release.free': 'Redis: the hold ends as released',
  'release.crash': 'the process ends',
  'reconciler.sold': 'PostgreSQL: this hold is sold',
  'reconciler.complete': 'Redis: the hold ends as sold, and the number of seats sold is remembered',
  'reconciler.give_up': 'PostgreSQL: the checkout has expired, and is given up',
  'reconciler.free': 'Redis: the hold ends as released',
  'reconciler.take': 'PostgreSQL: this charge is to be given back',
  'reconciler.void': 'payments: the charge is given back',
  'reconciler.voided': 'PostgreSQL: noted',
  'reconciler.crash': 'the reconciler ends',
}

/** A trace as it is read: number, reservation, step, and what happens. */
export function describeTrace(trace: Step[]): string {
  return trace
    .map(({ who, name, number }, index) => {
      const happens = (SENTENCES[name] ?? name)
        .replace('#', String(number))
        .replace(/\b1 (tick|more tick|seat)s( pass| are)?/, (_, noun, verb) => `1 ${noun}${singular(verb)}`)
      return `${String(index + 1).padStart(2)}  ${who.padEnd(2)}  ${name.padEnd(20)}  ${happens}`
    })
    .join('\n')
}

function singular(verb: string | undefined): string {
  return verb === ' pass' ? ' passes' : verb === ' are' ? ' is' : ''
}

/** Reads what `describeTrace` wrote. */
export function parseTrace(text: string): Step[] {
  return [...text.matchAll(/^ *\d+ +(A2?|B|-) +([a-z_.]+) +(.*)$/gm)].map(
    ([, who = '', name = '', happens = '']) => {
      const number = /\d+/.exec(happens)?.[0]
      return { who, name, number: number === undefined ? undefined : Number(number) }
    },
  )
}
