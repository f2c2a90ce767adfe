import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { COMMANDS, SHELLS } from '../src/commands.ts'
import { completionScript } from '../src/completion.ts'

/** What bash offers after these words. */
function complete(...words: string[]): string[] {
  const script = `${completionScript('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _quickticket; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script, 'bash', 'quickticket', ...words], { encoding: 'utf8' })
    .trim()
    .split('\n')
}

test.each([
  [['re'], ['restart', 'resume', 'refill']],
  [
    ['stop', 'p'],
    ['payments', 'postgres'],
  ],
  [
    ['restart', 'payments', 'PAYMENT_L'],
    ['PAYMENT_LOST_ANSWER_RATE=', 'PAYMENT_LATENCY_MS='],
  ],
  [['restart', 'payments', 'RETRY_'], ['']],
  [['restart', 'gateway', 'RETRY_MAX=3', 'CB_C'], ['CB_COOLDOWN_S=']],
  [['faults', 'payments', ''], ['none']],
  [['logs', '--level', 'w'], ['warning']],
  [['logs', 'gateway', '--f'], ['--follow']],
  [
    ['status', ''],
    ['--json', '--help'],
  ],
  [['completion', 'f'], ['fish']],
])('bash: %j offers %j', (words, offered) => {
  expect(complete(...words)).toEqual(offered)
})

test.each(SHELLS)('%s knows every command and what may follow it', (shell) => {
  const script = completionScript(shell)
  for (const { name, first } of COMMANDS) {
    expect(script).toContain(name)
    for (const word of first) expect(script).toContain(word)
  }
  expect(script).toContain('PAYMENT_LATENCY_MS=')
})
