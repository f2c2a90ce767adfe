/** What each script of package.json is for, in the order in which people need them. */
export const SCRIPTS: { title: string; scripts: Record<string, string> }[] = [
  {
    title: 'Run it',
    scripts: {
      start: 'the whole system on this machine, without Docker',
      local: 'status, stop, kill, start, restart, pause, faults, logs, open of its parts',
      load: 'buyers for a running system; --until-breaks finds how many it bears',
      refill: 'sold seats of the five events are free again',
      audit: 'checks orders, checkouts, charges and holds against each other',
      alerts: 'a page with the alerts that came',
      sre: 'budgets, incidents, runbooks, chaos, capacity and readiness of a running system',
      exercise: 'checks your solutions of lab 11',
      help: 'this list',
    },
  },
  {
    title: 'Its data',
    scripts: {
      migrate: 'changes the schema of the database',
      backup: 'dumps the database',
      'backup:verify': 'restores a dump into a scratch database, and compares it',
      restore: 'brings the database back to a dump, or to a moment',
      drill: 'takes the database away while people buy, and measures the loss; needs Docker',
    },
  },
  {
    title: 'Check the code',
    scripts: {
      test: 'all tests; npm test -- services/kit those of one directory',
      lint: 'Biome checks, and prose',
      prose: 'words that plain English avoids, by the list in prh.yml',
      imports: 'which workspace imports which',
      format: 'Biome checks and writes',
      typecheck: 'TypeScript checks; nothing is built',
      coverage: 'the tests of the services, with what they cover',
      'test:e2e': 'black-box tests of started systems',
      'test:faults': 'buyers against random faults, then a check of all they saw',
      'test:model': 'the model of seats and money: all its states',
      'test:openapi': 'the OpenAPI documents, and what the services really answer',
      'test:compose': 'images, Compose file and its system; needs Docker',
      'test:labs': 'every command of the lab pages; needs Docker',
      'test:monitoring': 'every fault against every alert; needs Docker',
      'test:cluster': 'the Kubernetes pages and more, on the cluster of KUBECONFIG',
      'test:nightly': 'the long parts of test:cluster',
    },
  },
  {
    title: 'Measure and understand it',
    scripts: {
      bench: 'the services',
      'bench:migrations': 'migrations while people buy',
      model: 'shows what goes wrong in the protocol without one of its safeguards',
    },
  },
  {
    title: 'Make files again',
    scripts: {
      slo: 'rules of Prometheus, after a change in monitoring/',
      dashboards: 'dashboards of Grafana, after a change in monitoring/',
      variables: 'docs/configuration.md and .env.example, after a change of a variable',
      k8s: 'manifests, chart and golden files, after a change in monitoring/ or k8s/',
    },
  },
]
