import { createServer } from 'node:http'
import pg from 'pg'
import { SQL } from '../transactions.ts'

// a service written by hand: the list and one event, without logs, metrics, checks and shared queries
interface Row {
  event_date: Date
  total_tickets: number
  sold: number
  [column: string]: unknown
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const ONE = /^\/events\/(\d+)$/

createServer(async ({ url = '/' }, response) => {
  try {
    const id = ONE.exec(url)?.[1]
    const query = id ? { name: 'one', text: SQL.one, values: [id] } : { name: 'list', text: SQL.list }
    const { rows } = await pool.query<Row>(query)
    const events = rows.map(({ event_date, sold, ...event }) => ({
      ...event,
      date: event_date.toISOString(),
      available: Math.max(event.total_tickets - sold, 0),
    }))
    const body = JSON.stringify(id ? events[0] : events)
    const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    response.writeHead(200, head).end(body)
  } catch {
    response.writeHead(503, { 'content-length': 0 }).end()
  }
}).listen(Number(process.env.PORT), '127.0.0.1')
