import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const services = fileURLToPath(new URL('../..', import.meta.url))

test('no service imports node:http itself, except for its types', () => {
  const importing = globSync('*/src/**/*.ts', { cwd: services }).filter((file) =>
    /^import (?!type\b)[^'\n]* from 'node:http'$/m.test(readFileSync(`${services}/${file}`, 'utf8')),
  )
  expect(importing).toEqual([])
})
