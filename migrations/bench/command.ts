import { readCommandLine } from '@quickticket/kit/command-line'

const USAGE = `npm run bench:migrations [-- --orders N] [--clients N]

Makes databases beside the one that DB_* names, fills them, and makes every change while clients look at events and buy. Prints
how long each took, how many of the clients' requests failed, and the longest that a client waited. The controls are the same index
without CONCURRENTLY, and the same column without a lock timeout behind a long transaction. The databases are dropped after.

  --orders   how many orders there are; default 1000000
  --clients  how many clients there are; default 8`

/** Ends the process after `--help` and when the arguments are wrong. */
export function readCommand(): { orders: number; clients: number } {
  const options = {
    orders: { type: 'string', default: '1000000' },
    clients: { type: 'string', default: '8' },
  } as const
  return readCommandLine({ command: 'npm run bench:migrations --', usage: USAGE, options }, ({ values }) => {
    const [orders, clients] = [Number(values.orders), Number(values.clients)]
    if (!(orders >= 1000 && orders % 1000 === 0))
      throw new Error(`--orders ${values.orders} must be a multiple of 1000`)
    if (!(Number.isInteger(clients) && clients >= 1 && clients <= 50))
      throw new Error(`--clients ${values.clients} must be a whole number from 1 to 50`)
    return { orders, clients }
  })
}
