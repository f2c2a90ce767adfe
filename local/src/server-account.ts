import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

/** PostgreSQL refuses to run as root. Undefined: it runs as the user of this process. */
export type Account = { name: string; uid: number; gid: number } | undefined

/** @param clusterDir when there is one already, its owner is the one to go on with */
export function chooseAccount(clusterDir: string): Account {
  if (process.getuid?.() !== 0) return undefined
  const owner = statSync(clusterDir, { throwIfNoEntry: false })
  if (owner && owner.uid !== 0) return { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid }
  const account = findAccount('postgres') ?? findAccount('nobody')
  if (!account)
    throw new Error("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody' here")
  return account
}

/** Whether a command succeeds as that user; it is the only way to know that sees every kind of permission. */
export function succeedsAs(account: Account, command: string, args: string[]): boolean {
  return spawnSync(command, args, { ...account, cwd: '/', stdio: 'ignore' }).status === 0
}

function findAccount(name: string): Account {
  const [uid, gid] = ['-u', '-g'].map((what) => {
    const id = spawnSync('/usr/bin/id', [what, name], { encoding: 'utf8' })
    return id.status === 0 ? Number(id.stdout) : Number.NaN
  })
  if (uid === undefined || gid === undefined || Number.isNaN(uid + gid)) return undefined
  return { name, uid, gid }
}
