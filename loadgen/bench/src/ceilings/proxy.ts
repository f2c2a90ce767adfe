import { createServer } from 'node:http'
import { Pool } from 'undici'

// a gateway written by hand: the bytes of another server, without logs, metrics, deadlines and ids
const pool = new Pool(process.env.UPSTREAM_URL as string, { connections: 256, pipelining: 1 })

createServer(async ({ url = '/' }, response) => {
  try {
    const { statusCode, headers, body } = await pool.request({ method: 'GET', path: url })
    const bytes = Buffer.from(await body.arrayBuffer())
    const head = { 'content-type': String(headers['content-type']), 'content-length': bytes.length }
    response.writeHead(statusCode, head).end(bytes)
  } catch {
    response.writeHead(502, { 'content-length': 0 }).end()
  }
}).listen(Number(process.env.PORT), '127.0.0.1')
