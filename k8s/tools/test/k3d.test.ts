import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { k8s } from '../src/files.ts'
import { parseObjects } from '../src/objects.ts'

interface Cluster {
  metadata: { name: string }
  servers: number
  agents: number
  image: string
  ports?: { port: string; nodeFilters: string[] }[]
}

const clusters = Object.fromEntries(
  readdirSync(join(k8s, 'k3d')).map((file) => {
    const [cluster] = parseObjects(readFileSync(join(k8s, 'k3d', file), 'utf8'))
    return [file, cluster as unknown as Cluster]
  }),
)

test('one node for the labs, four to drain one of', () => {
  const nodes = Object.entries(clusters).map(([file, { servers, agents }]) => [file, servers + agents])
  expect(Object.fromEntries(nodes)).toEqual({ 'lab.yaml': 1, 'multi-node.yaml': 4 })
})

test('nodes and clusters have the names that the pages use', () => {
  const pages = ['docs/kubernetes.md', 'docs/labs/lab12.md'].map((page) =>
    readFileSync(join(k8s, '..', page), 'utf8'),
  )
  expect(pages[0]).toContain(`-c ${clusters['lab.yaml']?.metadata.name} `)
  expect(pages[1]).toContain(`k3d-${clusters['multi-node.yaml']?.metadata.name}-agent-0`)
})

test('they run the Kubernetes that Pod Security is pinned to', () => {
  const pinned = readFileSync(join(k8s, 'components/pod-security/kustomization.yaml'), 'utf8').match(
    /value: v(1\.\d+)$/m,
  )
  for (const { image } of Object.values(clusters))
    expect(image.match(/^rancher\/k3s:v(1\.\d+)\.\d+-k3s\d+$/)?.[1]).toBe(pinned?.[1])
})

test('ports are text of the form host:container, at the load balancer', () => {
  expect(clusters['multi-node.yaml']?.ports).toEqual(
    ['8080:80', '8443:443'].map((port) => ({ port, nodeFilters: ['loadbalancer'] })),
  )
})
