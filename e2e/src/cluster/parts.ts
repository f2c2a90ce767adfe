/** One part of the cluster test: a page of docs/, or assertions besides the pages. */
export interface Part {
  name: string
  about: string
  /** below e2e/cluster/ */
  file: string
  /** the page that `page.test.ts` runs, below docs/ */
  page?: string
  /** the overlay that has to run before it; undefined: nothing of QuickTicket runs */
  startsFrom?: string
  /** it changes what the cluster runs to this overlay; undefined: it leaves what it found */
  leaves?: string
}

const LABS = ['lab04', 'lab05', 'lab06', 'lab07', 'lab08', 'lab09', 'lab10', 'lab11', 'lab12']

function lab(name: string): Part {
  const before = LABS[LABS.indexOf(name) - 1]
  return {
    name,
    about: `every command of docs/labs/${name}.md that needs a cluster`,
    file: 'page.test.ts',
    page: `labs/${name}`,
    ...(before && { startsFrom: before }),
    leaves: name,
  }
}

/** In the order in which they run: each lab on top of the one before, as a student does it. */
export const PARTS: readonly Part[] = [
  lab('lab04'),
  lab('lab05'),
  lab('lab06'),
  lab('lab07'),
  {
    name: 'canary',
    about: 'which canary is promoted, which is aborted, and which waits',
    file: 'canary.test.ts',
    startsFrom: 'lab07',
  },
  lab('lab08'),
  {
    name: 'faults',
    about: 'every fault shows its effect in Prometheus, and is gone after the undo',
    file: 'faults.test.ts',
    startsFrom: 'lab08',
  },
  lab('lab09'),
  {
    name: 'backups',
    about: 'dumps that fail in every way, and a restore into an empty volume',
    file: 'backups.test.ts',
    startsFrom: 'lab09',
  },
  lab('lab10'),
  {
    name: 'resources',
    about: 'memory and processor time that the labs use, and what they ask for',
    file: 'resources.test.ts',
    startsFrom: 'lab10',
  },
  lab('lab11'),
  lab('lab12'),
  {
    name: 'runbooks',
    about: 'every command of docs/runbooks that looks at a cluster, and of docs/kubernetes.md',
    file: 'runbooks.test.ts',
    startsFrom: 'lab12',
  },
  {
    name: 'zero-downtime',
    about: 'replacing, scaling, evicting and migrating under load',
    file: 'zero-downtime.test.ts',
  },
  {
    name: 'recovery',
    about: 'pods deleted, containers killed, a kubelet that stops',
    file: 'recovery.test.ts',
  },
  {
    name: 'scaling',
    about: 'the autoscaler, disruption budgets, and how pods spread',
    file: 'scaling.test.ts',
  },
  {
    name: 'security',
    about: 'network policies, Pod Security, service accounts, file systems and secrets',
    file: 'security.test.ts',
  },
]
