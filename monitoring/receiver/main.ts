import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { forward } from './forward.ts'
import type { Notice } from './notices.ts'
import { createReceiver } from './receiver.ts'

const USAGE = `npm run alerts     takes the alerts of Alertmanager, and shows them on a page

PORT (9094) and HOST (127.0.0.1) are where it listens, RUNBOOKS_DIR has the runbooks that alerts lead to.
With SRE_ALERTS_URL and SRE_TOKEN it sends the alerts on to npm run sre -- serve.`

if (isHelp()) {
  console.log(USAGE)
  process.exit(0)
}

const { PORT = '9094', HOST = '127.0.0.1', RUNBOOKS_DIR, SRE_ALERTS_URL, SRE_TOKEN } = process.env
const runbooks = RUNBOOKS_DIR ?? fileURLToPath(new URL('../../docs/runbooks', import.meta.url))

const server = createReceiver({
  runbooks,
  onNotice: logNotice,
  ...(SRE_ALERTS_URL && SRE_TOKEN && { onMessage: (body) => void sendOn(body, SRE_ALERTS_URL, SRE_TOKEN) }),
})
server.listen(Number(PORT), HOST, () => log('INFO', 'listening', server.address() as AddressInfo))
server.on('error', (error) => {
  log('ERROR', 'cannot listen', { error: error.message })
  process.exitCode = 1
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
  })
}

async function sendOn(body: string, url: string, token: string): Promise<void> {
  const reason = await forward(body, { url, token })
  if (reason !== undefined) log('WARNING', 'an alert could not be sent on', { url, reason })
}

function logNotice({ status, labels, annotations }: Notice): void {
  const { alertname, severity, service, slo } = labels
  log(status === 'firing' ? 'WARNING' : 'INFO', `alert ${status}`, {
    alertname,
    severity,
    about: service,
    slo,
    summary: annotations.summary,
    runbook_url: annotations.runbook_url,
  })
}

function log(level: string, msg: string, fields: object): void {
  const time = new Date().toISOString()
  console.log(JSON.stringify({ time, level, service: 'alert-receiver', msg, ...fields }))
}

/** Ends the process when there are other arguments. */
function isHelp(): boolean {
  try {
    return parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } }).values.help
  } catch (error) {
    console.error(`${(error as Error).message.split('. ', 1)[0]}; npm run alerts -- --help says more`)
    process.exit(2)
  }
}
