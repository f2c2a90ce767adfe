import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { k8s } from '../src/files.ts'
import { fromGolden } from '../src/golden.ts'
import { nameOf, parseObjects } from '../src/objects.ts'
import { PLAIN_OVERLAY, plainFiles } from '../src/plain.ts'
import { findTool } from '../src/tools.ts'

/** What kubectl takes of a directory: no directories below it. */
const files = readdirSync(k8s).filter((name) => /\.(ya?ml|json)$/.test(name))
const objects = files.flatMap((file) => parseObjects(readFileSync(join(k8s, file), 'utf8')))

describe('kubectl apply -f k8s/', () => {
  test('reads the files that lab 4 has, and no other', () => {
    const names = ['events', 'gateway', 'payments', 'postgres', 'redis']
    expect(files.sort()).toEqual(names.map((name) => `${name}.yaml`))
  })

  test('brings what the overlay brings, each object once', () => {
    const byName = new Map(objects.map((object) => [nameOf(object), object]))
    expect(byName.size).toBe(objects.length)
    expect(byName).toEqual(new Map(fromGolden(PLAIN_OVERLAY).map((object) => [nameOf(object), object])))
  })

  test.skipIf(!findTool('kubectl'))('its files are up to date', async () => {
    for (const [path, text] of await plainFiles())
      expect(readFileSync(join(k8s, path), 'utf8'), `${path}: npm run k8s writes it`).toBe(text)
  })
})
