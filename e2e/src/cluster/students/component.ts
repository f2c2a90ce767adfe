/** One part of the system as a student describes it: what runs, and the Service in front of it. */
export interface Component {
  /** also the name of the Service and the label `app` */
  name: string
  image: string
  port: number
  /** what everything else calls the port by */
  portName?: string
  env?: Record<string, string>
  replicas?: number
  labels?: Record<string, string>
  /** fields of the container besides: probes, resources, mounts */
  container?: object
  /** fields of the pod besides: init containers, volumes */
  pod?: object
  /** fields of the Deployment besides: a strategy */
  spec?: object
}

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
  [field: string]: unknown
}

/** Service links are on, because students leave the field out. */
export function deployment({ name, image, port, portName, env, replicas = 1, ...more }: Component): Manifest {
  const labels = { app: name, ...more.labels }
  const container = {
    name,
    image,
    // what a student's own images need that were imported, and what is pulled otherwise
    imagePullPolicy: image.startsWith('quickticket-') ? 'Never' : 'IfNotPresent',
    ports: [{ ...(portName && { name: portName }), containerPort: port }],
    ...(env && { env: Object.entries(env).map(([name, value]) => ({ name, value })) }),
    ...more.container,
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels }, spec: { containers: [container], ...more.pod } },
      ...more.spec,
    },
  }
}

/** Lab 7: a Deployment becomes a Rollout by two fields and a strategy. */
export function rollout(component: Component): Manifest {
  return { ...deployment(component), apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' }
}

export function service({ name, port, portName, labels }: Component): Manifest {
  const ports = [portName ? { name: portName, port, targetPort: portName } : { port, targetPort: port }]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: { app: name, ...labels } },
    spec: { selector: { app: name }, ports },
  }
}

/** One file of the folder k8s/: first what runs, then its Service, as most students write it. */
export function file(component: Component): Manifest[] {
  return [deployment(component), service(component)]
}
