import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'

interface Edit {
  file: string
  find: string
  replace: string
}

/** What each safeguard is made of. A checker that does not notice one missing proves nothing. */
export const SAFEGUARDS: Record<string, Edit[]> = {
  'seat-recheck': [
    {
      file: 'migrations/changes/0003_checkouts.sql',
      find: 'OR event.sold + checkout.quantity > event.total_tickets',
      replace: '',
    },
    {
      file: 'migrations/changes/0002_sold-seats.sql',
      find: 'CHECK (sold BETWEEN 0 AND total_tickets)',
      replace: 'CHECK (sold >= 0)',
    },
  ],
  // as it was: a checkout is over some time after its hold, and is confirmed until it is given up
  'checkout-expiry': [
    {
      file: 'migrations/changes/0003_checkouts.sql',
      find: 'IF clock_timestamp() >= checkout.expires_at THEN',
      replace: 'IF false THEN',
    },
    {
      file: 'services/events/src/open-checkout.ts',
      find: 'const expiresAt = now + hold.remainingMs - OUTLIVE_MS',
      replace: 'const expiresAt = now + hold.remainingMs',
    },
  ],
  idempotency: [
    {
      file: 'services/payments/src/routes/charge.ts',
      find: 'const payment_ref = paymentRef(key)\n',
      replace: 'const payment_ref = paymentRef(key + Math.random())\n',
    },
  ],
  reconciler: [
    {
      file: 'services/events/src/reconciler.ts',
      find: '  async function step(name: string, work: () => Promise<void>): Promise<void> {',
      replace:
        '  async function step(name: string, work: () => Promise<void>): Promise<void> {\n    if (log) return',
    },
  ],
  'atomic-script': [
    {
      file: 'services/events/src/redis-hold-store.ts',
      find: 'const hold = [reservationId, eventId, quantity, totalCents]',
      replace: `const hold = [reservationId, eventId, quantity, totalCents]
      const taken = Number((await redis.get(\`event:\${eventId}:held\`)) ?? 0)
      if (total - sold - taken < quantity)
        return { outcome: 'sold_out', available: Math.max(total - sold - taken, 0) }
      total = Number.MAX_SAFE_INTEGER`,
    },
  ],
}

/** A copy of the system that lacks one safeguard. */
export function withoutSafeguard(name: string): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'quickticket-without-'))
  for (const room of ['services', 'migrations'])
    cpSync(join(REPOSITORY, room), join(dir, room), { recursive: true })
  cpSync(join(REPOSITORY, 'package.json'), join(dir, 'package.json'))
  symlinkSync(join(REPOSITORY, 'node_modules'), join(dir, 'node_modules'))
  for (const { file, find, replace } of SAFEGUARDS[name] as Edit[]) {
    const path = join(dir, file)
    const source = readFileSync(path, 'utf8')
    if (!source.includes(find))
      throw new Error(`${file} has no longer what makes the safeguard ${name}: ${find}`)
    writeFileSync(path, source.replace(find, replace))
  }
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}
