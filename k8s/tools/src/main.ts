import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readCommandLine } from '@quickticket/kit/command-line'
import { chartTemplates } from './chart.ts'
import { k8s, madeFromMonitoring } from './files.ts'
import { goldenFile, hasGolden, toGolden } from './golden.ts'
import { setImages } from './images.ts'
import { plainFiles } from './plain.ts'
import { overlays, render } from './render.ts'

const USAGE = `npm run k8s                          makes what is made from monitoring/, the chart's templates, k8s/*.yaml and k8s/golden
npm run k8s -- images REGISTRY TAG   the same, with images of a registry: images ghcr.io/owner 3f2c1d0`

const images = readCommandLine(
  { command: 'npm run k8s --', usage: USAGE, allowPositionals: true, options: {} },
  ({ positionals }) => {
    const [command, registry, tag, ...rest] = positionals
    if (command === undefined) return undefined
    if (command === 'images' && registry && tag && rest.length === 0) return { registry, tag }
    throw new Error(`"${positionals.join(' ')}" is no command`)
  },
)
if (images) setImages(images.registry, images.tag)

// first: overlays take it in
writeAll(await madeFromMonitoring())
writeAll(await chartTemplates())
writeAll(await plainFiles())
for (const overlay of overlays().filter(hasGolden)) {
  const objects = await render(overlay)
  write(goldenFile(overlay), toGolden(objects))
  console.log(`${overlay}: ${objects.length} objects`)
}

function writeAll(files: Map<string, string>): void {
  for (const [path, text] of files) write(join(k8s, path), text)
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
