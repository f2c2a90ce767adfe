import { createServer } from 'node:http'

// a collector that throws all traces away
createServer((request, response) => {
  request.resume().once('end', () => response.end())
}).listen(Number(process.env.PORT), '127.0.0.1')
