// What a request costs at least: bare `node:http` that answers everything with the same text, as long as the first argument
// says. A process of its own, like the service.

import { createServer } from 'node:http'

const [length = '0', port = '0'] = process.argv.slice(2)
const body = 'x'.repeat(Number(length))
const headers = { 'Content-Type': 'text/html; charset=UTF-8', 'Content-Length': body.length }

createServer((_request, response) => {
  response.writeHead(200, headers)
  response.end(body)
}).listen(Number(port), '127.0.0.1')

process.on('SIGTERM', () => process.exit(0))
