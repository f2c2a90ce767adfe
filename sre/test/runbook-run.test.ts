import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { expect, test, vi } from 'vitest'
import { createIncident } from '../src/incident/change.ts'
import { timelineOf } from '../src/incident/updates.ts'
import { exclusively } from '../src/lock.ts'
import type { Person } from '../src/runbook/person.ts'
import { listRuns, stateOf } from '../src/runbook/record.ts'
import { fence, personWho, placeWith, run } from './runbook-pages.ts'

const TWO_FIXES = `### One\n\n${fence('sh', 'touch one')}\n### Two\n\n${fence('sh', 'touch two')}`

test('steps run in order, in one shell, and what they wrote is kept', async () => {
  const look = fence('sh', 'ID=7; echo out; echo err >&2') + fence('sh', 'echo "$ID"')
  const { outcome, steps } = await run(placeWith({ look }))
  expect(outcome).toBe('completed')
  expect(steps.map(({ number, output, exit_code, outcome }) => [number, output, exit_code, outcome])).toEqual(
    [
      [1, 'out\nerr\n', 0, 'passed'],
      [2, '7\n', 0, 'passed'],
      [3, 'cause\n', 0, 'passed'],
      [4, 'verified\n', 0, 'passed'],
    ],
  )
})

test('progress shows commands and output while they run, without control characters', async () => {
  const place = placeWith({ look: fence('sh', "printf 'a\\033[2Jb\\n'; printf 'no newline'") })
  await run(place)
  expect(place.shown).toContain("  $ printf 'a\\033[2Jb\\n'; printf 'no newline'")
  expect(place.shown).toContain('  │ a [2Jb')
  expect(place.shown).toContain('  │ no newline')
})

test('a step that looks may fail, and a verification that fails is the end', async () => {
  const { outcome, reason, outcomes } = await run(
    placeWith({ look: fence('sh', 'exit 3'), verify: fence('sh', 'false') + fence('sh', 'true') }),
  )
  expect(outcomes).toEqual(['failed', 'passed', 'failed'])
  expect([outcome, reason]).toEqual(['failed', 'step 3 (How to verify): failed'])
})

test('a step that ends the shell is followed by a new one', async () => {
  const { steps } = await run(
    placeWith({ look: fence('sh', 'A=1; echo before; exit 3') + fence('sh', 'echo "[$A]"') }),
  )
  expect(steps.slice(0, 2)).toMatchObject([
    { exit_code: 3, output: 'before\n' },
    { exit_code: 0, output: '[]\n' },
  ])
})

test('without a terminal nothing is changed: the run stops there and says so', async () => {
  const place = placeWith({ fix: fence('sh', 'touch changed') })
  const { outcome, reason, outcomes } = await run(place)
  expect(outcome).toBe('stopped')
  expect(reason).toBe('step 3 changes the system, and there is no terminal to ask at; --yes runs it')
  expect(outcomes).toEqual(['passed', 'passed'])
  expect(existsSync(join(place.runbooks, 'changed'))).toBe(false)
})

test('with --yes it changes the system and verifies', async () => {
  const place = placeWith({ fix: fence('sh', 'touch changed') })
  expect((await run(place, { yes: true })).outcome).toBe('completed')
  expect(existsSync(join(place.runbooks, 'changed'))).toBe(true)
})

test.each([
  ['yes', 'completed', true],
  ['skip', 'completed', false],
  ['stop', 'stopped', false],
] as const)('a person who says %s: the run is %s', async (reply, outcome, changed) => {
  const place = placeWith({ fix: fence('sh', 'touch changed') })
  const person = personWho([reply])
  expect((await run(place, { person })).outcome).toBe(outcome)
  expect(person.asked).toEqual(['This changes the system. Run it?'])
  expect(existsSync(join(place.runbooks, 'changed'))).toBe(changed)
})

test('of several fixes one runs: the one that was named, or that a person chooses', async () => {
  const refused = placeWith({ fix: TWO_FIXES })
  expect((await run(refused, { yes: true })).reason).toContain('--yes --fix with one of one, two')
  const named = placeWith({ fix: TWO_FIXES })
  await run(named, { yes: true, fix: 'two' })
  const chosen = placeWith({ fix: TWO_FIXES })
  await run(chosen, { person: personWho(['yes'], 'One') })
  const changes = [refused, named, chosen].map(({ runbooks }) =>
    readdirSync(runbooks).filter((file) => !file.endsWith('.md')),
  )
  expect(changes).toEqual([[], ['two'], ['one']])
})

test('a step for a person waits for one, also with --yes', async () => {
  const fix = fence('sh manual', 'call the owner')
  const alone = await run(placeWith({ fix }), { yes: true })
  expect(alone.reason).toMatch(
    /^step 3 needs a person at a terminal \(docs\/runbooks\/target-down\.md, line \d+\)$/,
  )
  const accompanied = await run(placeWith({ fix }), { yes: true, person: personWho(['yes']) })
  expect(accompanied.outcomes).toEqual(['passed', 'passed', 'by hand', 'passed'])
})

test('a change that fails stops the run, unless it is marked', async () => {
  const fails = await run(placeWith({ fix: fence('sh', 'false') }), { yes: true })
  expect([fails.outcome, fails.reason]).toEqual(['failed', 'step 3 (Fix): failed'])
  const marked = await run(placeWith({ fix: fence('sh continue', 'false') }), { yes: true })
  expect([marked.outcome, marked.outcomes[2]]).toEqual(['completed', 'failed'])
})

test('a time-out ends the whole tree: in the background, and in a session of its own', async () => {
  const script = [
    'sleep 301.5 &',
    'setsid sleep 302.5 &',
    "(setsid bash -c 'sleep 303.5 & sleep 304.5' &)",
    'echo began; sleep 305.5',
  ]
  const { steps, outcome } = await run(
    placeWith({ look: fence('sh timeout=1s', script.join('\n')) + fence('sh', 'echo next') }),
  )
  expect(steps.slice(0, 2)).toMatchObject([
    { outcome: 'timed out', exit_code: null, output: 'began\n' },
    { outcome: 'passed', output: 'next\n' },
  ])
  expect(outcome).toBe('completed')
  await vi.waitFor(() => expect(sleepers()).toEqual([]))
})

test('what a step leaves in the background is ended with the run', async () => {
  const { outcome } = await run(placeWith({ look: fence('sh', 'setsid sleep 306.5 &') }))
  expect(outcome).toBe('completed')
  await vi.waitFor(() => expect(sleepers()).toEqual([]))
})

test('all steps together have a time limit', async () => {
  const front = 'alerts: [A]\nseverity: [critical]\ntime_limit: 1s\nauto: true'
  const { outcome, reason, outcomes } = await run(placeWith({ front, look: fence('sh', 'sleep 307.5') }))
  expect(outcomes).toEqual(['timed out'])
  expect([outcome, reason]).toEqual([
    'stopped',
    'its time limit of 1 s is over: see "Escalation" in docs/runbooks/target-down.md',
  ])
})

test('of a long output the beginning and the end are kept', async () => {
  const { steps } = await run(placeWith({ look: fence('sh', 'echo first; yes | head -200000; echo last') }))
  const output = steps[0]?.output ?? ''
  expect(output.length).toBeLessThan(66 * 1024)
  expect(output).toMatch(/^first\ny\n/)
  expect(output).toMatch(/y\nlast\n$/)
  expect(output).toContain(`… ${400_000 + 11 - 64 * 1024} characters left out …`)
})

test('a program that is missing is named, also in a pipe', async () => {
  const place = placeWith({ look: fence('sh', 'no-such-docker ps | cat') })
  expect((await run(place)).outcomes[0]).toBe('no program')
  expect(place.shown.join('\n')).toContain('no program: this machine has no no-such-docker')
})

test('steps see the number of the incident, and no more of it', async () => {
  const place = placeWith({ look: fence('sh', 'echo "$INCIDENT"; env | grep -c pwned') })
  const title = '$(touch pwned) `touch pwned` "; touch pwned'
  const { number } = createIncident(
    place.store,
    { title, severity: 2, services: ['$(touch pwned)'] },
    { author: 'a', now: 1 },
  )
  const { steps } = await run(place, { incident: number })
  expect(steps[0]?.output).toBe('INC-0001\n0\n')
  expect(timelineOf(place.store, number).at(-1)).toMatchObject({
    author: 'Ada',
    kind: 'runbook',
    text: 'runbook target-down, run 1: 3 steps, 1 failed; completed',
  })
  expect(existsSync(join(place.runbooks, 'pwned'))).toBe(false)
})

test('only one changes a system at a time; those that look are free', async () => {
  const place = placeWith({ fix: fence('sh', 'touch changed') })
  const other = { system: 'compose', holder: 'chaos redis', now: Date.now }
  await exclusively(place.store, other, () =>
    expect(run(place, { yes: true })).rejects.toThrow('chaos redis is under way on compose'),
  )
  expect(listRuns(place.store)[0]).toMatchObject({ outcome: 'failed' })
  expect(existsSync(join(place.runbooks, 'changed'))).toBe(false)
})

test('from the first question of a fix to its last step no other change may begin, and after it one may', async () => {
  const place = placeWith({ fix: fence('sh', 'touch one') + fence('sh', 'touch two') })
  const other = { system: 'compose', holder: 'chaos redis', now: Date.now }
  const tryOther = () => exclusively(place.store, other, async () => 'it began')
  const tried: string[] = []
  const person: Person = {
    ...personWho([]),
    async confirm() {
      tried.push(await tryOther().catch((error: Error) => error.message))
      return 'yes'
    },
  }
  expect((await run(place, { person })).outcome).toBe('completed')
  expect(tried).toEqual([
    expect.stringContaining('runbook target-down is under way on compose'),
    expect.stringContaining('runbook target-down is under way on compose'),
  ])
  expect(await tryOther()).toBe('it began')
})

test('without bash no step runs, and it says so', async () => {
  const place = placeWith({})
  await expect(run(place, { env: { PATH: '/nowhere' } })).rejects.toThrow(
    'The steps need bash: spawn bash ENOENT',
  )
  expect(listRuns(place.store)[0]).toMatchObject({ outcome: 'failed' })
})

test('steps have the variables of the program, but not its token', async () => {
  const place = placeWith({ look: fence('sh', 'echo "$COMPOSE_FILE [$SRE_TOKEN]"') })
  const env = { ...inheritedEnvironment(), COMPOSE_FILE: 'a.yaml', SRE_TOKEN: 'secret' }
  expect((await run(place, { env })).steps[0]?.output).toBe('a.yaml []\n')
})

test('a signal ends the step and the run', async () => {
  const abort = new AbortController()
  const place = placeWith({ look: fence('sh', 'echo began; sleep 308.5') })
  const running = run(place, { signal: abort.signal })
  await vi.waitFor(() => expect(place.shown).toContain('  │ began'))
  abort.abort()
  expect(await running).toMatchObject({
    outcome: 'stopped',
    reason: 'it was interrupted',
    outcomes: ['stopped'],
  })
  await vi.waitFor(() => expect(sleepers()).toEqual([]))
})

test('a runner that was killed leaves a run that is interrupted', async () => {
  const place = placeWith({ look: fence('sh', 'sleep 3') })
  const script = `
    import { openStore } from '${import.meta.resolve('../src/store/store.ts')}'
    import { runRunbook } from '${import.meta.resolve('../src/runbook/run.ts')}'
    import { readRunbook } from '${import.meta.resolve('../src/runbook/runbook.ts')}'
    const runbook = readRunbook('target-down', '${place.runbooks}')
    const request = { runbook, steps: runbook.steps, system: 'compose', mode: 'by hand', yes: false }
    await runRunbook(request, { store: openStore('${place.store.path}'), env: process.env, now: Date.now, progress: () => {} })
  `
  const runner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: inheritedEnvironment(),
    stdio: 'ignore',
  })
  const state = () => listRuns(place.store).map((row) => stateOf(row, Date.now()))
  await vi.waitFor(() => expect(state()).toEqual(['runs']), { timeout: 10_000 })
  runner.kill('SIGKILL')
  await once(runner, 'exit')
  expect(state()).toEqual(['interrupted'])
})

/** The sleeps that the steps above began: each has a length of its own. */
function sleepers(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').join(' ').trim()
        return /^sleep 30\d\.5$/.test(command) ? [command] : []
      } catch {
        return []
      }
    })
}
