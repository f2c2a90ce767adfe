import { IMAGES } from '@quickticket/testing/versions'
import { deployment, type Manifest, service } from '../../component.ts'
import { NAMESPACE } from '../../shape.ts'

const RULES = {
  global: { scrape_interval: '2s' },
  scrape_configs: [
    {
      job_name: 'gateway',
      kubernetes_sd_configs: [{ role: 'pod', namespaces: { own_namespace: true } }],
      relabel_configs: [
        { source_labels: ['__meta_kubernetes_pod_label_app'], regex: 'gateway', action: 'keep' },
        // by its address: the label of the port is the student's business
        {
          source_labels: ['__meta_kubernetes_pod_ip'],
          regex: '(.+)',
          target_label: '__address__',
          replacement: '$1:8080',
        },
        {
          source_labels: ['__meta_kubernetes_pod_label_rollouts_pod_template_hash'],
          target_label: 'rs_hash',
        },
      ],
    },
  ],
}

const server = {
  name: 'prometheus',
  image: IMAGES.prometheus,
  port: 9090,
  container: {
    args: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/prometheus'],
    volumeMounts: [{ name: 'config', mountPath: '/etc/prometheus' }],
  },
  pod: { serviceAccountName: 'prometheus', volumes: [{ name: 'config', configMap: { name: 'prometheus' } }] },
}

/** Lab 7, bonus: a Prometheus that may list the pods of its own namespace. */
export const prometheus: Manifest[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'prometheus' } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'prometheus' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'prometheus' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'prometheus' },
    subjects: [{ kind: 'ServiceAccount', name: 'prometheus', namespace: NAMESPACE }],
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'prometheus' },
    // YAML reads JSON
    data: { 'prometheus.yml': JSON.stringify(RULES) },
  },
  deployment(server),
  service(server),
]

const ofCanary = (more: string) =>
  `sum(rate(gateway_requests_total{rs_hash="{{args.canary-hash}}"${more}}[20s]))`

/** The share of 5xx among all that the canary answered, without a look at paths: shorter than the sheet's, and otherwise the same. */
export const analysisTemplate: Manifest = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'gateway-error-rate' },
  spec: {
    args: [{ name: 'canary-hash' }],
    metrics: [
      {
        name: 'error-rate',
        initialDelay: '20s',
        interval: '5s',
        count: 3,
        successCondition: 'result[0] < 0.05',
        failureLimit: 1,
        provider: {
          prometheus: {
            address: `http://prometheus.${NAMESPACE}.svc.cluster.local:9090`,
            query: `(${ofCanary(',status=~"5.."')} or on() vector(0)) / ${ofCanary('')}`,
          },
        },
      },
    ],
  },
}
