import { describe, expect, test } from 'vitest'
import { AnswerReader, type HttpAnswer } from '../src/http-answer.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const KIB = 1024

test('an answer has its status, its type, when to try again and its body', () => {
  const head = 'HTTP/1.1 503 Not Now\r\ncontent-type: text/plain\r\nretry-after: 7\r\n'
  expect(read(`${head}content-length: 4\r\n\r\nbusy`)).toEqual({
    status: 503,
    contentType: 'text/plain',
    retryAfter: '7',
    body: Buffer.from('busy'),
  })
})

test('what an answer does not say is empty', () => {
  expect(read(`${OK}content-length: 0\r\n\r\n`)).toEqual({
    status: 200,
    contentType: '',
    retryAfter: undefined,
    body: Buffer.alloc(0),
  })
})

test('a reason may be missing, with or without its space', () => {
  expect(read('HTTP/1.1 404\r\ncontent-length: 0\r\n\r\n')?.status).toBe(404)
  expect(read('HTTP/1.1 404 \r\ncontent-length: 0\r\n\r\n')?.status).toBe(404)
})

test('header names have any case, and values any space around them', () => {
  const head = `${OK}CONTENT-TYPE:\t text/a: b \t\r\nRetry-After:7\r\ncOnTeNt-LeNgTh:  2  \r\nX-Empty:\r\n\r\n`
  expect(read(`${head}ok`)).toEqual({
    status: 200,
    contentType: 'text/a: b',
    retryAfter: '7',
    body: Buffer.from('ok'),
  })
})

test('bytes of a body stay as they are', () => {
  const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const counted = Buffer.concat([Buffer.from(`${OK}content-length: 256\r\n\r\n`), body])
  expect(new AnswerReader().read(counted)?.body).toEqual(body)
  const sized = [
    Buffer.from(`${OK}transfer-encoding: chunked\r\n\r\n100\r\n`),
    body,
    Buffer.from('\r\n0\r\n\r\n'),
  ]
  expect(new AnswerReader().read(Buffer.concat(sized))?.body).toEqual(body)
})

test('the same length twice is fine', () => {
  expect(bodyOf(`${OK}content-length: 2\r\nContent-Length: 2\r\n\r\nok`)).toBe('ok')
})

test('chunks are put together, whatever their extensions, trailers and digits', () => {
  const chunks = '3\r\nabc\r\n0A;name="value";b\r\n0123456789\r\n1 \t; c\r\n\n\r\nb\r\nABCDEFGHIJK\r\n'
  const trailers = '000\r\nx-sum: 1\r\nx-more: 2\r\n\r\n'
  expect(bodyOf(`${OK}Transfer-Encoding: \t Chunked \r\n\r\n${chunks}${trailers}`)).toBe(
    'abc0123456789\nABCDEFGHIJK',
  )
})

test('chunks may hold what looks like the end', () => {
  expect(bodyOf(`${OK}transfer-encoding: chunked\r\n\r\n7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n`)).toBe(
    '\r\n0\r\n\r\n',
  )
})

test('chunks count when there is a length too', () => {
  const both = 'content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n'
  expect(bodyOf(`${OK}${both}5\r\nchunk\r\n0\r\n\r\n`)).toBe('chunk')
})

test('without a length, the body is all until the connection ends', () => {
  const reader = new AnswerReader()
  expect(reader.read(bytes(`${OK}content-type: text/plain\r\n\r\nall `))).toBeUndefined()
  expect(reader.read(bytes('of it'))).toBeUndefined()
  expect(reader.end()).toEqual({
    status: 200,
    contentType: 'text/plain',
    retryAfter: undefined,
    body: Buffer.from('all of it'),
  })
})

test.each([
  ['before anything', ''],
  ['within a head', `${OK}content-le`],
  ['after 1xx', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['before a body', `${OK}content-length: 4\r\n\r\n`],
  ['within a body', `${OK}content-length: 4\r\n\r\nhal`],
  ['before a chunk', `${OK}transfer-encoding: chunked\r\n\r\n`],
  ['within a chunk', `${OK}transfer-encoding: chunked\r\n\r\n4\r\nhal`],
  ['after a chunk', `${OK}transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
  ['before the last line', `${OK}transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n`],
])('a connection that ends %s gives no answer', (_when, text) => {
  const reader = new AnswerReader()
  expect(reader.read(bytes(text))).toBeUndefined()
  expect(reader.end()).toBeUndefined()
})

test('1xx is not the answer, whatever its headers', () => {
  const early =
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\ncontent-length: 9\r\nretry-after: 1\r\n\r\n'
  expect(read(`${early}HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok`)).toEqual({
    status: 201,
    contentType: '',
    retryAfter: undefined,
    body: Buffer.from('ok'),
  })
})

test.each([204, 304])('%i has no body, whatever its headers say', (status) => {
  for (const length of ['', 'content-length: 5\r\n', 'transfer-encoding: chunked\r\n']) {
    const reader = new AnswerReader()
    expect(reader.read(bytes(`HTTP/1.1 ${status} x\r\n${length}\r\n`))).toMatchObject({ status })
    expect(reader.idleMs).toBeGreaterThan(0)
    expect(bodyOf(`${OK}content-length: 4\r\n\r\nnext`, reader)).toBe('next')
  }
})

test('answers follow each other on one connection', () => {
  const reader = new AnswerReader()
  const first =
    'HTTP/1.1 500 x\r\ncontent-type: a/a\r\nretry-after: 1\r\ncontent-length: 3\r\nconnection: close\r\n\r\none'
  expect(read(first, reader)).toMatchObject({ status: 500, contentType: 'a/a', retryAfter: '1' })
  expect(reader.idleMs).toBe(0)
  expect(read(`${OK}transfer-encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\nx-a: b\r\n\r\n`, reader)).toEqual({
    status: 200,
    contentType: '',
    retryAfter: undefined,
    body: Buffer.from('two'),
  })
  expect(reader.idleMs).toBe(Number.POSITIVE_INFINITY)
  expect(bodyOf(`${OK}content-length: 0\r\n\r\n`, reader)).toBe('')
  expect(bodyOf(`${OK}transfer-encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n`, reader)).toBe('four')
})

describe('an answer is the same in whatever pieces it arrives:', () => {
  const answers = {
    'with a length': `${OK}content-type: a/b\r\nretry-after: 3\r\ncontent-length: 9\r\n\r\n\r\n\r\nhello`,
    'in chunks': `${OK}transfer-encoding: chunked\r\n\r\nc;e=1\r\n0\r\n\r\nhel\r\n\r\n\r\n2\r\nlo\r\n0\r\nx-a: b\r\n\r\n`,
    'after 1xx': `HTTP/1.1 103 Early\r\nlink: a\r\n\r\n${OK}content-length: 2\r\n\r\nok`,
    'without a body': 'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n',
  }
  for (const [name, text] of Object.entries(answers)) {
    test(name, () => {
      const whole = bytes(text)
      const answer = read(text)
      expect(answer).toBeDefined()
      for (let at = 1; at < whole.length; at++)
        readPieces([whole.subarray(0, at), whole.subarray(at)], answer)
      readPieces(
        [...whole].map((byte) => Buffer.of(byte)),
        answer,
      )
      for (let seed = 1; seed <= 200; seed++) readPieces(cut(whole, seed), answer)
    })
  }

  test('until the end of the connection', () => {
    const whole = bytes(`${OK}content-type: a/b\r\n\r\n\r\nhel\r\n\r\nlo`)
    for (let at = 1; at < whole.length; at++) {
      const reader = new AnswerReader()
      expect(reader.read(whole.subarray(0, at))).toBeUndefined()
      expect(reader.read(whole.subarray(at))).toBeUndefined()
      expect(reader.end()).toMatchObject({ contentType: 'a/b', body: Buffer.from('\r\nhel\r\n\r\nlo') })
    }
  })

  /** Each on a reader of its own, and twice: nothing of the first may be left. */
  function readPieces(pieces: Buffer[], answer: HttpAnswer | undefined): void {
    const reader = new AnswerReader()
    for (let round = 0; round < 2; round++) {
      pieces.forEach((piece, i) => {
        const got = reader.read(piece)
        // one expect for thousands of pieces would be slow
        if (i < pieces.length - 1) {
          if (got) throw new Error(`answered too early, after ${i + 1} of ${pieces.length} pieces`)
        } else expect(got).toEqual(answer)
      })
      expect(reader.idleMs).toBe(Number.POSITIVE_INFINITY)
    }
  }
})

describe('what is not an answer is refused:', () => {
  const one = `${OK}content-length: 1\r\n`
  const chunked = `${OK}transfer-encoding: chunked\r\n`
  const notHttp = /not an answer of HTTP\/1\.1/
  const noClearLength = /no clear length/
  const encoded = /encoded in a way/
  const noSize = /no size/
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', notHttp],
    ['nothing before the headers', '\r\n\r\n', notHttp],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n', notHttp],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n', notHttp],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n', notHttp],
    ['HTTP in small letters', 'http/1.1 200 OK\r\n\r\n', notHttp],
    ['something before the protocol', ' HTTP/1.1 200 OK\r\n\r\n', notHttp],
    ['a request', 'GET / HTTP/1.1\r\n\r\n', notHttp],
    ['no status', 'HTTP/1.1 OK\r\n\r\n', notHttp],
    ['a status of two digits', 'HTTP/1.1 99 x\r\n\r\n', notHttp],
    ['a status of four digits', 'HTTP/1.1 2000 x\r\n\r\n', notHttp],
    ['a status below 100', 'HTTP/1.1 099 x\r\n\r\n', notHttp],
    ['a negative length', `${OK}content-length: -1\r\n\r\n`, noClearLength],
    ['a length with a sign', `${OK}content-length: +1\r\n\r\n`, noClearLength],
    ['a fraction as length', `${OK}content-length: 1.0\r\n\r\n`, noClearLength],
    ['a hexadecimal length', `${OK}content-length: 0x1\r\n\r\n`, noClearLength],
    ['an empty length', `${OK}content-length:\r\n\r\n`, noClearLength],
    ['a length beyond all numbers', `${OK}content-length: 9007199254740993\r\n\r\n`, noClearLength],
    ['a list of lengths', `${OK}content-length: 1, 1\r\n\r\n`, noClearLength],
    ['two lengths', `${one}content-length: 2\r\n\r\n`, noClearLength],
    ['a second length that is none', `${one}content-length: x\r\n\r\n`, noClearLength],
    ['a length of an answer without body', 'HTTP/1.1 204 x\r\ncontent-length: x\r\n\r\n', noClearLength],
    ['another encoding', `${OK}transfer-encoding: gzip\r\n\r\n`, encoded],
    ['an encoded body', `${OK}content-encoding: gzip\r\ncontent-length: 2\r\n\r\n`, encoded],
    ['two encodings', `${OK}transfer-encoding: gzip, chunked\r\n\r\n`, encoded],
    ['an encoding that begins like chunks', `${OK}transfer-encoding: chunkedx\r\n\r\n`, encoded],
    ['a header without a name', `${one}: x\r\n\r\n`, /no name/],
    ['a header without a colon', `${one}x-header\r\n\r\n`, /no name/],
    ['a chunk without a size', `${chunked}\r\n\r\n`, noSize],
    ['a chunk with only an extension', `${chunked}\r\n;a=b\r\n`, noSize],
    ['a size that is no number', `${chunked}\r\nxyz\r\n`, noSize],
    ['a negative size', `${chunked}\r\n-1\r\n`, noSize],
    ['a size with a prefix', `${chunked}\r\n0x1\r\n`, noSize],
    ['a size beyond all numbers', `${chunked}\r\n${'f'.repeat(16)}\r\n`, noSize],
    ['a chunk longer than its size', `${chunked}\r\n3\r\nfour\r\n`, /longer than its size/],
    ['a head over 16 KiB', `${OK}x-long: ${'x'.repeat(16 * KIB)}\r\n\r\n`, /too long/],
    ['a head over 16 KiB that has no end', `${OK}x-long: ${'x'.repeat(16 * KIB)}`, /too long/],
    ['a size line over 16 KiB', `${chunked}\r\n1;${'x'.repeat(16 * KIB)}`, /too long/],
    ['a trailer over 16 KiB', `${chunked}\r\n0\r\nx-long: ${'x'.repeat(16 * KIB)}`, /too long/],
  ])('%s', (_what, text, reason) => {
    expect(() => read(text)).toThrow(reason)
    const reader = new AnswerReader()
    expect(() => [...bytes(text)].forEach((byte) => void reader.read(Buffer.of(byte)))).toThrow(reason)
  })
})

test('a head of almost 16 KiB is fine, and so is a body of any length', () => {
  const body = 'x'.repeat(100 * KIB)
  const head = `${OK}x-long: ${'x'.repeat(15 * KIB)}\r\n`
  expect(bodyOf(`${head}content-length: ${body.length}\r\n\r\n${body}`)).toBe(body)
  const size = body.length.toString(16)
  expect(bodyOf(`${head}transfer-encoding: chunked\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`)).toBe(body)
})

describe('a connection may be used', () => {
  const empty = 'content-length: 0\r\n'
  const chunked = 'transfer-encoding: chunked\r\n'
  const forEver = Number.POSITIVE_INFINITY
  test.each([
    ['for ever when nothing is said', OK, '', forEver],
    ['for ever with keep-alive', OK, 'connection: keep-alive\r\n', forEver],
    ['a second less than the server keeps it', OK, 'keep-alive: timeout=5\r\n', 4000],
    [
      'no longer when more is said',
      OK,
      'Connection: Keep-Alive\r\nKeep-Alive: max=9, Timeout=72\r\n',
      71_000,
    ],
    ['for ever when only a number of requests is said', OK, 'keep-alive: max=9\r\n', forEver],
    ['no more when the server keeps it a second', OK, 'keep-alive: timeout=1\r\n', 0],
    ['no more when the server does not keep it', OK, 'keep-alive: timeout=0\r\n', 0],
    ['no more after close', OK, 'connection: close\r\n', 0],
    ['no more after close in any case', OK, 'Connection: Close\r\n', 0],
    [
      'no more after close, whatever comes after it',
      OK,
      'connection: close\r\nconnection: keep-alive\r\n',
      0,
    ],
    ['no more after close among others', OK, 'connection: keep-alive, close\r\n', 0],
    [
      'no more after close, whatever timeout is said',
      OK,
      'connection: close\r\nkeep-alive: timeout=5\r\n',
      0,
    ],
    ['no more after HTTP/1.0', 'HTTP/1.0 200 OK\r\n', '', 0],
    [
      'no more after HTTP/1.0, whatever timeout is said',
      'HTTP/1.0 200 OK\r\n',
      'keep-alive: timeout=5\r\n',
      0,
    ],
    ['for ever after HTTP/1.0 with keep-alive', 'HTTP/1.0 200 OK\r\n', 'connection: Keep-Alive\r\n', forEver],
    ['no more after both lengths at once', OK, chunked, 0],
  ])('%s', (_what, start, headers, idleMs) => {
    const reader = new AnswerReader()
    const body = headers === chunked ? '0\r\n\r\n' : ''
    expect(read(`${start}${empty}${headers}\r\n${body}`, reader)).toMatchObject({ status: 200 })
    expect(reader.idleMs).toBe(idleMs)
  })

  test.each([
    ['a length', `${OK}content-length: 2\r\n\r\nok`],
    ['chunks', `${OK}${chunked}\r\n2\r\nok\r\n0\r\n\r\n`],
    ['no body', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ])('no more when more arrived than was asked for: after %s', (_what, text) => {
    const reader = new AnswerReader()
    const answer = read(text)
    expect(read(`${text}H`, reader)).toEqual(answer)
    expect(reader.idleMs).toBe(0)
  })
})

function read(text: string, reader = new AnswerReader()): HttpAnswer | undefined {
  return reader.read(bytes(text))
}

function bodyOf(text: string, reader = new AnswerReader()): string | undefined {
  return read(text, reader)?.body.toString()
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** Cuts into pieces of 1 to 16 bytes, the same ones for the same seed. */
function cut(whole: Buffer, seed: number): Buffer[] {
  const pieces: Buffer[] = []
  let state = seed
  for (let from = 0; from < whole.length; ) {
    // Numerical Recipes' linear congruential generator
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const to = from + 1 + (state >>> 28)
    pieces.push(whole.subarray(from, to))
    from = to
  }
  return pieces
}
