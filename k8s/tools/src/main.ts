import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { chartTemplates } from './chart.ts'
import { k8s, madeFromMonitoring } from './files.ts'
import { goldenFile, hasGolden, toGolden } from './golden.ts'
import { setImages } from './images.ts'
import { plainFiles } from './plain.ts'
import { overlays, render } from './render.ts'

const USAGE = `npm run k8s                          makes what is made from monitoring/, the chart's templates, k8s/*.yaml and k8s/golden
npm run k8s -- images REGISTRY TAG   the same, with images of a registry: images ghcr.io/owner 3f2c1d0`

const [command, registry, tag, ...rest] = process.argv.slice(2)
if (command === '--help' || command === '-h') {
  console.log(USAGE)
  process.exit(0)
}
if (command === 'images' && registry && tag && rest.length === 0) setImages(registry, tag)
else if (command !== undefined) {
  console.error(`"${process.argv.slice(2).join(' ')}" is no command; npm run k8s -- --help says more`)
  process.exit(2)
}

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
