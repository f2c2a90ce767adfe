import { runService } from '@quickticket/testing/service-process'
import { expect, test } from 'vitest'

test('a charge that was answered is in the ledger, although the process is killed at once', async () => {
  const payments = runService('payments')
  const url = await payments.url()
  const ids = Array.from({ length: 20 }, (_, index) => `r-${index}`)
  const answers = await Promise.all(
    ids.map((reservation_id) =>
      fetch(`${url}/charge`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ reservation_id, amount: 100 }),
      }),
    ),
  )
  payments.kill('SIGKILL')
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200))
  expect(await payments.exited).toBeNull()
  const charged = payments.logs.lines().filter((line) => line.ledger === 'charge')
  expect(charged.map((line) => line.reservation_id).toSorted()).toEqual(ids.toSorted())
})
