import { createServer } from 'node:http'

// the least that a server in Node.js can do
const BODY = '{"message":"hello"}'
const HEADERS = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(BODY) }

createServer((_request, response) => {
  response.writeHead(200, HEADERS).end(BODY)
}).listen(Number(process.env.PORT), '127.0.0.1')
