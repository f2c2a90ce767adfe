import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REPOSITORY } from './cluster.ts'

interface Edit {
  file: string
  find: string
  replace: string
}

/** What each safeguard is made of. A checker that does not notice one missing proves nothing. */
export const SAFEGUARDS: Record<string, Edit[]> = {
  'seat-recheck': [
    {
      file: 'migrations/changes/0003_checkouts.ts',
      find: 'AND e.sold + checkout.quantity <= e.total_tickets FOR NO KEY UPDATE',
      replace: 'FOR NO KEY UPDATE',
    },
    {
      file: 'migrations/changes/0002_sold-seats.ts',
      find: 'CHECK (sold BETWEEN 0 AND total_tickets)',
      replace: 'CHECK (sold >= 0)',
    },
  ],
  idempotency: [
    {
      file: 'services/payments/src/routes/charge.ts',
      find: 'const payment_ref = paymentRef(key)',
      replace: 'const payment_ref = paymentRef(key + Math.random())',
    },
  ],
  reconciler: [
    {
      file: 'services/events/src/reconciler.ts',
      find: '  async function settle(): Promise<void> {',
      replace: '  async function settle(): Promise<void> {\n    if (log) return',
    },
  ],
  'atomic-script': [
    {
      file: 'services/events/src/redis-hold-store.ts',
      find: 'const hold = [reservationId, eventId, quantity, totalCents]',
      replace: `const hold = [reservationId, eventId, quantity, totalCents]
      const taken = Number((await redis.get(\`event:\${eventId}:held\`)) ?? 0)
      if (total - sold - taken < quantity) return { held: false, available: Math.max(total - sold - taken, 0) }
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
