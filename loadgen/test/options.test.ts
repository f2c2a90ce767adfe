import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { readOptions } from '../src/options.ts'
import { fileCalled, gatewayWith, loadgen, outputOf, reportOf, start } from './command.ts'
import { status } from './fake-gateway.ts'

test('users wait for their answers: never more requests under way than users', async () => {
  let under_way = 0
  let most = 0
  const gateway = await gatewayWith({
    list(response) {
      under_way += 1
      most = Math.max(most, under_way)
      setTimeout(() => {
        under_way -= 1
        response.end('[]')
      }, 20)
    },
  })
  const users = [
    '--users',
    '5',
    '--spawn-rate',
    '1000',
    '--think',
    '0..10ms',
    '--duration',
    '1s',
    '--scenario',
    'list',
  ]
  const { summary } = await reportOf(users, gateway.url)
  expect(most).toBe(5)
  expect(summary.all.count).toBeGreaterThan(5)
  expect(summary.buyers.success).toBe(summary.all.count)
})

test('a scenario is all that is asked for, of the events that are named', async () => {
  const gateway = await gatewayWith()
  await loadgen(['50', '1', '--scenario', 'checkout', '--events', '3,5'], gateway.url)
  const reserves = gateway.requests.filter((request) => /^POST \/events\/[35]\/reserve/.test(request))
  const pays = gateway.requests.filter((request) => /^POST \/reserve\/r-\d+\/pay$/.test(request))
  expect([reserves.length, pays.length, gateway.requests.length]).toEqual([50, 50, 100])
})

test('the same seed makes the same buyers', async () => {
  const run = async (seed: string) => {
    const gateway = await gatewayWith()
    await loadgen(['100', '1', '--seed', seed], gateway.url)
    // they may overtake each other on their way
    return gateway.requests.filter((request) => !request.endsWith('/pay')).sort()
  }
  const [first, again, other] = [await run('7'), await run('7'), await run('8')]
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
})

test('an objective that is broken is exit code 1, and the table says which', async () => {
  const failing = await gatewayWith({ list: status(500) })
  const broken = await loadgen(
    ['20', '1', '--scenario', 'list', '--slo', 'error_rate<0.5%, p99<1h'.replace('1h', '60s')],
    failing.url,
  )
  expect(broken.code).toBe(1)
  expect(broken.lines).toContainEqual('SLO error_rate<0.5%: 100.00%, BROKEN')
  expect(broken.lines).toContainEqual(expect.stringMatching(/^SLO p99<60s: .* ms, met$/))

  const working = await gatewayWith()
  const met = await loadgen(['20', '1', '--slo', 'error_rate<0.5%,5xx_rate<0.5%,rate>1/s'], working.url)
  expect(met.code).toBe(0)
})

test('the page needs nothing from elsewhere, and shows its plots and its routes', async () => {
  const gateway = await gatewayWith({ reserve: status(409) })
  const file = fileCalled('report.html')
  await loadgen(['--profile', 'ramp:10..60/2s', '--out', file], gateway.url)
  const html = readFileSync(file, 'utf8')
  expect(html).not.toMatch(/<script|<link|<img|@import|url\(|src=|href=/)
  expect(html.match(/<svg /g)).toHaveLength(4)
  for (const words of [
    'prefers-color-scheme: dark',
    'GET /events',
    'POST /events/{id}/reserve',
    'ramp:10..60/2s',
    'p99.9',
  ])
    expect(html).toContain(words)
  expect(html).not.toContain('NaN')
})

test('a report whose name ends with .svg is an image', async () => {
  const gateway = await gatewayWith()
  const file = fileCalled('report.svg')
  await loadgen(['20', '2', '--out', file], gateway.url)
  const image = readFileSync(file, 'utf8')
  expect(image).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  expect(image.match(/<svg /g)).toHaveLength(1)
  for (const words of ['Rate', 'answered', 'Latency', 'p99']) expect(image).toContain(words)
  expect(image).not.toContain('NaN')
})

test('Ctrl-C still prints the table and writes the files', async () => {
  const gateway = await gatewayWith({ list: () => undefined })
  const file = fileCalled('report.json')
  const child = start(['50', '60', '--json', file], gateway.url)
  const ended = outputOf(child)
  await expect.poll(() => gateway.requests.length, { timeout: 20_000 }).toBeGreaterThan(40)
  child.kill('SIGINT')
  const { code, lines } = await ended
  expect(code).toBe(130)
  expect(lines).toContainEqual(expect.stringMatching(/^POST \/events\/\{id\}\/reserve/))
  expect(lines.at(-1)).toMatch(/^Done\. total=/)
  expect(JSON.parse(readFileSync(file, 'utf8')).summary.buyers.fail).toBe(0)
})

test('Prometheus reads what the clients see', async () => {
  const gateway = await gatewayWith({ list: status(503) })
  const child = start(['50', '60', '--scenario', 'list', '--metrics-port', '0'], gateway.url)
  const url = await new Promise<string>((resolve) => {
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
      const [, found] = /metrics: (\S+)\n/.exec(said) ?? []
      if (found) resolve(found)
    })
  })
  const read = async () => (await fetch(url)).text()
  await expect
    .poll(read, { timeout: 20_000 })
    .toMatch(/loadgen_requests_total\{method="GET",path="\/events",status="503"\} [1-9]/)
  const text = await read()
  expect(text).toMatch(/loadgen_request_duration_seconds_bucket\{le="0.5",method="GET",path="\/events"\} \d/)
  expect(text).toMatch(/^loadgen_buyers \d/m)
})

test('the load rises until it breaks, and the knee is said', async () => {
  let requests = 0
  const gateway = await gatewayWith({
    list(response: ServerResponse) {
      requests += 1
      // all that comes after the first step fails
      status(requests > 30 ? 500 : 200)(response)
    },
  })
  const args = ['30', '--until-breaks', '--step', '1s', '--scenario', 'list']
  const { code, lines } = await loadgen(args, gateway.url)
  expect(code).toBe(0)
  expect(lines[1]).toMatch(/^30 rps: /)
  expect(lines).toContainEqual(expect.stringMatching(/^45 rps: .*broken \(\d+\.\d % 5xx or lost\)$/))
  expect(lines).toContainEqual(expect.stringMatching(/^Knee: /))
})

test('seats that are sold out are no knee', async () => {
  let free = 20
  const gateway = await gatewayWith({
    reserve: (response) => (free-- > 0 ? response.end('{"reservation_id":"r"}') : status(409)(response)),
  })
  const args = ['30', '--until-breaks', '--step', '1s', '--scenario', 'checkout']
  const { code, lines } = await loadgen(args, gateway.url)
  expect(code).toBe(3)
  // a busy machine sends all of them, some later than planned
  expect(lines[1]).toMatch(/^30 rps: .* 33\.3 % of reserves sold out(, the load generator did not keep up)?$/)
  expect(lines).toContain(
    'Knee: not measured. At 30 rps, 33.3 % of the answers to reserve were 409, sold out, which cost less than a sale.',
  )
  expect(lines.filter((line) => / rps: /.test(line))).toHaveLength(1)
})

test('buyers who look for the knee give back what they only reserve', async () => {
  let free = 30
  let requests = 0
  const gateway = await gatewayWith({
    reserve(response) {
      requests += 1
      if (requests > 30) return status(500)(response)
      free -= 1
      response.end(`{"reservation_id":"r-${requests}"}`)
    },
    release(response) {
      free += 1
      response.end('{}')
    },
  })
  const args = ['30', '--until-breaks', '--step', '1s', '--scenario', 'reserve']
  const { code } = await loadgen(args, gateway.url)
  expect(code).toBe(0)
  expect(free).toBe(30)
  const given = gateway.requests.filter((request) => request.startsWith('DELETE '))
  expect(given.sort()).toEqual(Array.from({ length: 30 }, (_, id) => `DELETE /reserve/r-${id + 1}`).sort())
})

test('who comes too late is said, beside the lines of the lab', async () => {
  const gateway = await gatewayWith({ reserve: status(409) })
  const { lines, errors } = await loadgen(['50', '1'], gateway.url)
  expect(lines.at(-1)).toMatch(/^Done\. total=50 success=\d+ fail=0 error_rate=0\.0% sold_out=\d+$/)
  expect(errors).toContain('Sold out: 100.0 % of the answers to reserve were 409, without a seat')
})

test.each([
  [['--slo', 'p98<1ms'], '--slo has "p98<1ms"; it has to look like error_rate<0.5%,p99<500ms; known are'],
  [['--slo', 'p99<1%'], '--slo has "p99<1%"; p99 is in ms'],
  [['--scenario', 'buy'], '--scenario is "buy"; it has to be one of list, reserve, checkout, mix'],
  [['--users', '0'], '--users is "0"; it has to be a whole number from 1 to 20000'],
  [['--think', '1s'], '--think needs --users'],
  [['--users', '5', '--think', '2s..1s'], '--think is "2s..1s"; it has to look like 0.5s..2s or 1s'],
  [['5', '--users', '5'], 'rps and --users exclude each other: each says how many come'],
  [['5', '10', '--duration', '10s'], '--duration and seconds exclude each other: each says how long'],
  [['--profile', '5/1s', '--until-breaks'], '--profile and --until-breaks exclude each other'],
  [['--events', '1,x'], '--events is "x"; it has to be a whole number from 1 to 2147483647'],
  [['--nonsense'], "Unknown option '--nonsense'; --help shows the usage"],
  [['--seed'], "Option '--seed <value>' argument missing; --help shows the usage"],
])('%j is refused in one line', (args, message) => {
  let said = ''
  try {
    readOptions(args, {})
  } catch (error) {
    said = (error as Error).message
  }
  expect(said).toContain(message)
  expect(said).not.toContain('\n')
})

test('a file that cannot be written is said before any load is sent', async () => {
  const gateway = await gatewayWith()
  const run = await loadgen(['5', '60', '--json', '/nowhere/report.json'], gateway.url)
  expect(run).toMatchObject({
    code: 2,
    lines: [],
    errors: 'loadgen: /nowhere/report.json cannot be written (ENOENT)\n',
  })
  expect(gateway.requests).toEqual([])
})
