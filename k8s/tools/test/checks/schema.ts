import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type KubernetesObject, nameOf } from '../../src/objects.ts'

const MODELS: Record<string, string> = {
  'argoproj.io/v1alpha1 Application': '@kubernetes-models/argo-cd/argoproj.io/v1alpha1',
  'argoproj.io/v1alpha1': '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
}

const PACKAGES = join(import.meta.dirname, '../../../../node_modules')

/**
 * Objects that are not what their kind's type says: unknown fields, missing ones, wrong types. The compiler is stricter than
 * the models' own validate(), which lets unknown fields pass.
 */
export async function schemaProblems(objects: KubernetesObject[]): Promise<string[]> {
  const unique = [...new Map(objects.map((object) => [JSON.stringify(object), object])).values()]
  await mkdir(join(PACKAGES, '.cache'), { recursive: true })
  const directory = await mkdtemp(join(PACKAGES, '.cache/k8s-types-'))
  try {
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(TSCONFIG))
    const file = join(directory, 'objects.ts')
    const lines = unique.map(declaration)
    await writeFile(file, lines.flat().join('\n'))
    return errorsOf(await compile(directory), lines, unique)
  } finally {
    await rm(directory, { recursive: true })
  }
}

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'esnext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  },
  files: ['objects.ts'],
}

/** One line for each property, so that the line of an error tells which one it is about. */
function declaration(object: KubernetesObject, index: number): string[] {
  const { apiVersion, kind } = object
  const group = apiVersion === 'v1' ? '' : `/${apiVersion.split('/')[0]}`
  const model =
    MODELS[`${apiVersion} ${kind}`] ??
    MODELS[apiVersion] ??
    `kubernetes-models${group}/${apiVersion.split('/').at(-1)}`
  const text = JSON.stringify(object, null, 1)
  return [`export const o${index}: import('${model}/${kind}').I${kind} = ${text}`].join('').split('\n')
}

function compile(directory: string): Promise<string> {
  const tsc = join(PACKAGES, '.bin/tsc')
  return new Promise((resolve, reject) =>
    execFile(
      process.execPath,
      [tsc, '-p', directory, '--pretty', 'false'],
      { maxBuffer: 2 ** 26 },
      (error, out) => {
        // it exits with 1 or 2 when it found errors
        if (error && !out) reject(error)
        else resolve(out)
      },
    ),
  )
}

function errorsOf(output: string, declarations: string[][], objects: KubernetesObject[]): string[] {
  const found = [...output.matchAll(/^\S*\((\d+),\d+\): error TS\d+: (.*)$/gm)]
  if (output.trim() && found.length === 0) throw new Error(output)
  return found.map(([, line, message]) => {
    let rest = Number(line)
    const index = declarations.findIndex((lines) => {
      if (rest <= lines.length) return true
      rest -= lines.length
      return false
    })
    const shown = (declarations[index] as string[])[rest - 1]?.trim()
    return `${nameOf(objects[index] as KubernetesObject)}: ${shown?.slice(0, 80)} — ${message}`
  })
}
