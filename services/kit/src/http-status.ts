/**
 * Reason phrases by status code. Imported as an ES module, `node:http` would first load all that it can export, a WebSocket
 * client included: 50 ms and 5 MB in each process.
 */
export const { STATUS_CODES } = process.getBuiltinModule('node:http')
