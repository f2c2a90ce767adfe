import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { commonVariables, loadConfig } from '../src/config.ts'
import { parseTokens, tokenToSend } from '../src/service-token.ts'

test('several tokens may be accepted; the first one is sent', () => {
  const text = 'token-of-tomorrow, token-of-yesterday'
  expect(parseTokens(text)).toEqual(['token-of-tomorrow', 'token-of-yesterday'])
  expect(tokenToSend(text)).toBe('token-of-tomorrow')
  expect(tokenToSend('')).toBeUndefined()
})

test.each([
  ['short', 'hush'],
  ['with a blank within', 'hush of these tests'],
  ['that no header can carry', 'hush-of-these-tésts'],
  ['that ends a header', 'hush-of-these-tests\r\nx: y'],
  ['beside an empty one', 'hush-of-these-tests,'],
])('a token %s stops the service, and is not shown', (_what, SERVICE_TOKEN) => {
  const load = () => loadConfig(commonVariables, { SERVICE_TOKEN })
  expect(load).toThrow(/SERVICE_TOKEN=\(hidden\) must be tokens of 16 or more/)
  expect(load).not.toThrow('hush')
})

test('a token may come from a file; an empty one does not turn the check off', () => {
  const directory = mkdtempSync(join(tmpdir(), 'token-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const SERVICE_TOKEN_FILE = join(directory, 'token')
  writeFileSync(SERVICE_TOKEN_FILE, 'token-of-these-tests\n')
  expect(loadConfig(commonVariables, { SERVICE_TOKEN_FILE }).SERVICE_TOKEN).toBe('token-of-these-tests')
  writeFileSync(SERVICE_TOKEN_FILE, '\n')
  expect(() => loadConfig(commonVariables, { SERVICE_TOKEN_FILE })).toThrow(/SERVICE_TOKEN=\(hidden\)/)
})
