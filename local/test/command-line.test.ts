import { expect, test } from 'vitest'
import { readCommand } from '../src/command-line.ts'
import { COMMANDS } from '../src/commands.ts'
import { CONTROL_HELP } from '../src/help-texts.ts'

test('rules of faults may be quoted or not, and be for one service or for all', () => {
  const rules = 'POST /charge 5% status=503'
  expect(readCommand(['faults', 'payments', rules])).toMatchObject({ first: 'payments', faults: rules })
  expect(readCommand(['faults', 'payments', ...rules.split(' ')])).toMatchObject({ faults: rules })
  expect(readCommand(['faults', rules])).toMatchObject({ first: undefined, faults: rules })
  expect(readCommand(['faults', 'payments'])).toMatchObject({ first: 'payments', faults: undefined })
  expect(readCommand(['faults', 'payments', 'none'])).toMatchObject({ first: 'payments', faults: '' })
  expect(readCommand(['faults', 'none'])).toMatchObject({ faults: '' })
})

test('a value may hold = and blanks', () => {
  const { variables } = readCommand(['restart', 'events', 'FAULTS=GET /events 5% latency=1s']) ?? {}
  expect(variables).toEqual({ FAULTS: 'GET /events 5% latency=1s' })
})

test.each([
  [['stats'], 'there is no command stats: did you mean status?'],
  [['stop', 'payment'], /^there is no component payment, only .*: did you mean payments\?$/],
  [['stop', 'payments', 'events'], 'stop takes no variables, and one name only'],
  [['status', 'payments'], 'status is for the whole system and takes nothing more'],
  [['status', '-f'], 'status takes no --follow'],
  [['logs', '--level', 'loud'], '--level loud must be one of debug, info, warning, error'],
  [['logs', '-n', 'many'], '--lines many must be a whole number from 0 to 100000'],
  [['completion', 'tcsh'], 'there is no shell tcsh, only bash, zsh, fish'],
])('%j is refused', (args, message) => {
  expect(() => readCommand(args)).toThrow(message instanceof RegExp ? message : new Error(message))
})

test('the help has every command', () => {
  for (const { name, summary } of COMMANDS) {
    expect(CONTROL_HELP).toMatch(new RegExp(`^npm run local -- ${name} .*${summary.slice(0, 10)}`, 'm'))
  }
})
