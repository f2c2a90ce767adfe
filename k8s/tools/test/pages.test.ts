import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { k8s } from '../src/files.ts'
import { fromGolden, hasGolden } from '../src/golden.ts'
import { overlays } from '../src/render.ts'
import { VARIABLES } from './checks/project.ts'

const root = join(k8s, '..')
const runbooks = globSync('docs/runbooks/*.md', { cwd: root }).filter((page) => !page.endsWith('README.md'))
const pages = globSync('docs/{runbooks,labs}/*.md', { cwd: root })
  .concat('docs/kubernetes.md')
  .filter((page) => commands(page).length > 0)

/** Deployment gateway, as any overlay of a lab has it, and what the pages make themselves. */
const objects = overlays().filter(hasGolden).flatMap(fromGolden)
const known = new Set([
  ...objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  // components/loadgen, Argo CD, Argo Rollouts, and a Job that a page makes
  ...[
    'Deployment loadgen',
    'Deployment argocd-server',
    'Service argocd-server',
    'Deployment argo-rollouts',
    'Deployment coredns',
    'Job by-hand',
    // that the page of lab 9 has its reader write
    'CronJob my-backup',
    'Job manual-1',
    'Job manual-7',
    // of the course's own file
    'Job load-template',
  ],
])
const apps = new Set(objects.map(({ metadata }) => metadata.labels?.app))

const KINDS: Record<string, string> = {
  deployment: 'Deployment',
  rollout: 'Rollout',
  svc: 'Service',
  cronjob: 'CronJob',
  job: 'Job',
  pdb: 'PodDisruptionBudget',
  pvc: 'PersistentVolumeClaim',
}

/** `rollout` is a verb too: only what is done to one. A name that goes on with a variable is none. */
const NAMED =
  /\b(deployment|svc|cronjob|job|pdb|pvc|(?<=(?:get|patch|scale|edit|delete) )rollout)s?[/ ]([a-z][a-z0-9-]*[a-z0-9])(?![\w-])/g

describe.each(pages)('%s', (page) => {
  test('its commands for a cluster are shell', () => {
    for (const block of blocks(page)) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' })
      expect(status, `${block}\n${stderr}`).toBe(0)
    }
  })

  test('its commands name what the overlays have', () => {
    const named = commands(page).flatMap((command) =>
      [...command.matchAll(NAMED)].map(([, kind = '', name]) => `${KINDS[kind]} ${name}`),
    )
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  test('its labels, directories and variables are those of the project', () => {
    for (const command of commands(page)) {
      for (const [, app = ''] of command.matchAll(/\bapp=([a-z-]+)/g)) expect(apps, command).toContain(app)
      for (const [, list = ''] of command.matchAll(/\bapp in \(([a-z,-]+)\)/g))
        for (const app of list.split(',')) expect(apps, command).toContain(app)
      for (const [, path = ''] of command.matchAll(/ -k (k8s\/\S+)/g))
        if (!path.includes('NN'))
          expect(existsSync(join(root, path, 'kustomization.yaml')), command).toBe(true)
      const [, service = '', settings = ''] =
        command.match(/set env deployment\/([a-z]+) ((?:[A-Z_]+[=-]\S* ?)+)/) ?? []
      for (const [, name = ''] of settings.matchAll(/([A-Z_]+)[=-]/g))
        expect(Object.keys(VARIABLES[service] ?? {}), command).toContain(name)
    }
  })
})

describe.each(runbooks)('%s, on Compose and on a cluster', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  const part = (heading: string) => text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''

  test('how to look', () => {
    expect(part('How to look')).toMatch(/^```sh\n(.*\n)*?docker /m)
    expect(part('How to look')).toMatch(/^```sh cluster\n(.*\n)*?kubectl /m)
  })

  test('each cause that is confirmed by a command of Docker', () => {
    for (const cause of part('Likely causes').split(/^### /m).slice(1)) {
      // the README says what takes its place
      const own = cause.replaceAll('docker exec quickticket-prometheus-1 promtool query', '')
      if (/^docker /m.test(own)) expect(cause, cause).toMatch(/^```sh cluster\n/m)
    }
  })

  test('how to repair it', () => {
    expect(part('Fix')).toMatch(/`kubectl |^kubectl /m)
  })
})

function blocks(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```sh (?:cluster|manual)\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
}

/** Lines of blocks, and what is written as `kubectl …` in the text. */
function commands(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  const inline = [...text.matchAll(/`(kubectl [^`]+)`/g)].map(([, command = '']) => command)
  return [...blocks(page).flatMap((block) => block.split('\n')), ...inline].filter((line) =>
    line.includes('kubectl'),
  )
}
