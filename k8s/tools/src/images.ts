import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import { k8s } from './files.ts'

const FILE = join(k8s, 'components/images/kustomization.yaml')

/** Writes where the images come from; CI calls it with its registry and the commit that they were built from. */
export function setImages(registry: string, tag: string, file = FILE): void {
  if (!/^[a-z0-9]+([./:_-][a-z0-9]+)*$/.test(registry))
    throw new Error(`${registry} is no registry: it has to be lower case, as in ghcr.io/owner`)
  if (!/^\w[\w.-]{0,127}$/.test(tag)) throw new Error(`${tag} is no tag of an image`)
  const document = parseDocument(readFileSync(file, 'utf8'))
  document.set('components', ['../registry-credentials'])
  for (const image of (document.get('images') as YAMLSeq<YAMLMap>).items) {
    image.set('newName', `${registry}/${image.get('name')}`)
    image.set('newTag', tag)
  }
  writeFileSync(file, document.toString({ lineWidth: 0 }))
}
