import { readCommandLine } from '@quickticket/kit/command-line'
import { expectArgoCd } from './argocd.ts'
import { provideHelm } from './environment.ts'
import { provideImages } from './images.ts'
import { GROUPS, PARTS, type Part } from './parts.ts'
import { type PartResult, runParts, step } from './run-parts.ts'
import { removeEverything } from './state.ts'
import { expectTestCluster, expectUnused, NotReady } from './test-cluster.ts'

const USAGE = `npm run test:cluster [-- OPTIONS]

Runs the Kubernetes pages of docs/, and assertions besides, on the cluster that KUBECONFIG names. It needs kubectl with the
plugin of Argo Rollouts, Docker, and a test cluster on which nothing of QuickTicket runs: k3d cluster create --config k8s/k3d/lab.yaml

  --only PART,…   these parts, or those of every change (daily) or the longer ones (nightly); each is brought to the state that
                  it starts from
  --list          the parts, in order
  --side-by-side  labs and parts with namespaces of their own at a time: shorter, for nodes with 2 CPUs and 6 GiB or more
  --keep          leaves what runs at the end
  --clean         removes what an earlier run or a student's lab has left, then starts; all pods and jobs of the namespace
                  default are among it
  --any-cluster   also on a cluster that does not look like a test cluster

The part gitops runs only where it is named, and belongs to no group: it needs Argo CD, a Git repository that it may push to in
QUICKTICKET_GIT_REMOTE, and in QUICKTICKET_GIT_URL the address under which Argo CD reads it.

QUICKTICKET_LOAD is the command that brings images to the nodes; it gets their names, and is by default
"k3d image import -c quickticket". Empty: they are there already.
Exit codes: 0, 1 something failed, 2 it could not start, 130 after Ctrl-C.`

process.exitCode = await main()

async function main(): Promise<number> {
  const { list, parts, sideBySide, keep, clean, anyCluster } = readOptions()
  if (list) {
    for (const { name, about } of PARTS) console.log(`${name.padEnd(14)} ${about}`)
    return 0
  }
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupted.abort())

  try {
    await expectTestCluster(anyCluster)
    if (parts.some(({ needs }) => needs === 'Argo CD')) await expectArgoCd()
    if (clean) await step('removing what is there', removeEverything)
    await expectUnused()
  } catch (error) {
    if (!(error instanceof NotReady)) throw error
    console.error(`test:cluster: ${error.message}`)
    return 2
  }
  let results: PartResult[] = []
  try {
    provideHelm()
    await step('building and loading images', () => provideImages(process.env.QUICKTICKET_LOAD))
    results = await runParts({ parts, sideBySide, signal: interrupted.signal })
  } finally {
    if (!keep) await step('removing everything', removeEverything)
  }
  for (const line of table(results)) console.log(line)
  if (interrupted.signal.aborted) return 130
  return results.every(({ failed, passed }) => failed === 0 && passed > 0) ? 0 : 1
}

function readOptions() {
  const flag = { type: 'boolean', default: false } as const
  const options = {
    only: { type: 'string', multiple: true },
    list: flag,
    'side-by-side': flag,
    keep: flag,
    clean: flag,
    'any-cluster': flag,
  } as const
  return readCommandLine({ command: 'npm run test:cluster --', usage: USAGE, options }, ({ values }) => {
    const { only, list, keep, clean, ...more } = values
    const names = only?.flatMap((names) => names.split(','))
    const known = [...Object.keys(GROUPS), ...PARTS.map(({ name }) => name)]
    const unknown = names?.find((name) => !known.includes(name))
    if (unknown !== undefined) throw new Error(`there is no part "${unknown}": ${known.join(', ')}`)
    const isNamed = (part: Part) =>
      names === undefined
        ? part.needs === undefined
        : names.some((name) => (GROUPS[name] ? GROUPS[name](part) : name === part.name))
    const parts = PARTS.filter(isNamed)
    return { parts, list, keep, clean, sideBySide: more['side-by-side'], anyCluster: more['any-cluster'] }
  })
}

function table(results: PartResult[]): string[] {
  const line = (name: string, passed: unknown, failed: unknown, seconds: unknown) =>
    `${name.padEnd(14)} ${String(passed).padStart(6)} ${String(failed).padStart(6)} ${String(seconds).padStart(7)}`
  const sum = (of: (result: PartResult) => number) => results.reduce((total, result) => total + of(result), 0)
  return [
    '',
    line('part', 'passed', 'failed', 'seconds'),
    ...results.map(({ part, passed, failed, seconds }) =>
      line(part.name, passed, failed, Math.round(seconds)),
    ),
    line(
      'all',
      sum(({ passed }) => passed),
      sum(({ failed }) => failed),
      Math.round(sum(({ seconds }) => seconds)),
    ),
  ]
}
