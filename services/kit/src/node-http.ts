/**
 * What the services use of `node:http`. An `import` of it evaluates everything that it exports, a WebSocket client included:
 * 45 ms and 13 MB in each process.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http')
