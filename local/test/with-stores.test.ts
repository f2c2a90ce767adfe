import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { controlSocket, REPOSITORY } from '../src/data-dir.ts'

let dataDir: string
let server: Server | undefined
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quickticket-with-stores-'))
  mkdirSync(join(dataDir, 'run'))
  writeFileSync(
    join(dataDir, 'program.ts'),
    'console.log(JSON.stringify([process.argv.slice(2), process.env.DB_NAME, process.env.REDIS_PORT]))',
  )
})
afterEach(() => {
  server?.close()
  server = undefined
  rmSync(dataDir, { recursive: true })
})

/** A running system, as far as its control socket shows it. */
async function answering(body: string): Promise<void> {
  server = createServer((_request, response) => response.end(body))
  await new Promise<void>((resolve) => server?.listen(controlSocket(dataDir), resolve))
}

async function run(variables: Record<string, string> = {}, ...args: string[]) {
  const child = spawn(process.execPath, ['local/src/with-stores.ts', join(dataDir, 'program.ts'), ...args], {
    cwd: REPOSITORY,
    env: { PATH: process.env.PATH, QUICKTICKET_DATA_DIR: dataDir, ...variables },
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, stderr, seen: stdout && JSON.parse(stdout) }
}

const VARIABLES = JSON.stringify({ DB_NAME: 'running', REDIS_PORT: '7000' })

test('a command gets the stores of the running system and its own arguments', async () => {
  await answering(VARIABLES)
  expect(await run({}, 'up', '--seed')).toEqual({
    code: 0,
    stderr: '',
    seen: [['up', '--seed'], 'running', '7000'],
  })
})

test('variables of the environment win, but a port of 0, which npm start replaces', async () => {
  await answering(VARIABLES)
  expect((await run({ DB_NAME: 'mine', REDIS_PORT: '0' })).seen).toEqual([[], 'mine', '7000'])
})

test('a command that is given another database gets nothing', async () => {
  await answering(VARIABLES)
  expect((await run({ DB_PORT: '' })).seen).toEqual([[], null, null])
})

test('without a running system a command gets nothing', async () => {
  expect(await run()).toEqual({ code: 0, stderr: '', seen: [[], null, null] })
})

test('a system that does not answer is an error, but not for --help', async () => {
  await answering('nonsense')
  expect(await run()).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^QuickTicket in .+ does not answer \(.+\): name the database in DB_HOST\n$/,
    ),
    seen: '',
  })
  expect(await run({}, '--help')).toMatchObject({ code: 0, seen: [['--help'], null, null] })
})
