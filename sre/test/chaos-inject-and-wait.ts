import { table } from '../src/chaos/injections/table.ts'
import { createContext } from '../src/context.ts'

// node chaos-inject-and-wait.ts MS: a runner that renames the table orders for so long, and that a test kills

const context = createContext(process.env)
const data = await table.prepare(context, { table: 'orders' })
await table.inject(context, data, { expiresAt: Date.now() + Number(process.argv[2]) })
console.log(JSON.stringify({ msg: 'injected' }))
setInterval(() => undefined, 60_000)
