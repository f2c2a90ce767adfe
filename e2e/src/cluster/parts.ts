/** One part of the cluster test: a page of docs/, or assertions besides the pages. */
export interface Part {
  name: string
  about: string
  /** below e2e/cluster/ */
  file: string
  /** the page that `page.test.ts` runs, below docs/ */
  page?: string
  /** `labs`: in the namespaces default and monitoring, each on what the one before has left; `own`: in a namespace of its own */
  place: 'labs' | 'own'
  /** the overlay that has to run in `labs` before it; undefined: nothing of QuickTicket */
  startsFrom?: string
  /** it changes what runs in `labs` to this overlay; undefined: it leaves what it found */
  leaves?: string
  /** it takes all that a small node has, or disturbs what runs beside it */
  alone?: boolean
  /** too long for every change: `npm run test:nightly` */
  nightly?: boolean
  /** what a test cluster lacks at first: it runs only where it is named, and in no group */
  needs?: 'Argo CD'
}

const LABS = ['lab04', 'lab05', 'lab06', 'lab07', 'lab08', 'lab09', 'lab10', 'lab11', 'lab12']

function lab(name: string): Part {
  const before = LABS[LABS.indexOf(name) - 1]
  return {
    name,
    about: `every command of docs/labs/${name}.md that needs a cluster`,
    file: 'page.test.ts',
    page: `labs/${name}`,
    place: 'labs',
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
    place: 'labs',
    startsFrom: 'lab07',
  },
  lab('lab08'),
  {
    name: 'faults',
    about: 'every fault shows its effect in Prometheus, and is gone after the undo',
    file: 'faults.test.ts',
    place: 'labs',
    nightly: true,
    startsFrom: 'lab08',
  },
  lab('lab09'),
  {
    name: 'backups',
    about: 'dumps that fail in every way, and a restore into an empty volume',
    file: 'backups.test.ts',
    place: 'labs',
    startsFrom: 'lab09',
  },
  lab('lab10'),
  {
    name: 'sre',
    about: 'alerts become incidents in the component sre',
    file: 'sre.test.ts',
    place: 'labs',
    startsFrom: 'lab10',
  },
  {
    name: 'resources',
    about: 'memory and processor time that the labs use, and what they ask for',
    file: 'resources.test.ts',
    place: 'labs',
    nightly: true,
    startsFrom: 'lab10',
  },
  lab('lab11'),
  {
    name: 'observability',
    about: 'traces and logs of a purchase by one id, and who may reach them',
    file: 'observability.test.ts',
    place: 'labs',
    nightly: true,
    startsFrom: 'lab11',
  },
  lab('lab12'),
  {
    name: 'runbooks',
    about: 'every command of docs/runbooks that looks at a cluster, and of docs/kubernetes.md',
    file: 'runbooks.test.ts',
    place: 'labs',
    startsFrom: 'lab12',
  },
  {
    name: 'gitops',
    about:
      'Argo CD brings what Git says, and lets the labs work beside it; needs Argo CD and a Git repository',
    file: 'gitops.test.ts',
    place: 'labs',
    nightly: true,
    needs: 'Argo CD',
  },
  {
    name: 'zero-downtime',
    about: 'replacing, scaling, evicting and migrating under load',
    file: 'zero-downtime.test.ts',
    place: 'own',
  },
  {
    name: 'recovery',
    about: 'pods deleted and containers killed under load',
    file: 'recovery.test.ts',
    place: 'own',
  },
  {
    name: 'students',
    about: "manifests as students of the course write them, in five ways, with this project's images",
    file: 'students.test.ts',
    place: 'own',
  },
  {
    name: 'term',
    about: 'clients of the labs still buy after the sales of a term',
    file: 'term.test.ts',
    place: 'own',
    nightly: true,
  },
  {
    name: 'security',
    about: 'network policies, Pod Security, service accounts, file systems and secrets',
    file: 'security.test.ts',
    place: 'own',
  },
  {
    name: 'kubelet',
    about: 'a kubelet that stands still for a minute, under load',
    file: 'kubelet.test.ts',
    place: 'own',
    alone: true,
    nightly: true,
  },
  {
    name: 'scaling',
    about: 'the autoscaler, disruption budgets, and how pods spread',
    file: 'scaling.test.ts',
    place: 'own',
    alone: true,
    nightly: true,
  },
]

/** Groups of parts that can be named like one. */
export const GROUPS: Record<string, (part: Part) => boolean> = {
  daily: ({ nightly }) => !nightly,
  nightly: ({ nightly, needs }) => nightly === true && needs === undefined,
}
