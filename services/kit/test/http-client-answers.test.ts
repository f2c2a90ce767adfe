import { setImmediate as turn } from 'node:timers/promises'
import { ended, GET, rawUpstreamOf } from '@quickticket/testing/upstream-servers'
import { describe, expect, test } from 'vitest'
import type { Upstream } from '../src/http-client.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}transfer-encoding: chunked\r\n`
const KIB = 1024

test('what an answer does not say is empty', async () => {
  const { upstream } = await answering(`${OK}content-length: 0\r\n\r\n`)
  expect(await upstream.request(GET)).toEqual({
    status: 200,
    contentType: '',
    retryAfter: undefined,
    date: undefined,
    body: Buffer.alloc(0),
  })
})

describe('an answer is the same in whatever pieces it arrives:', () => {
  test.each([
    ['with a length', `${OK}content-type: a/b\r\ncontent-length: 9\r\n\r\n\r\n\r\nhello`, '\r\n\r\nhello'],
    [
      'in chunks',
      `${CHUNKED}\r\nc;e=1\r\n0\r\n\r\nhel\r\n\r\n\r\n2\r\nlo\r\n0\r\nx-a: b\r\n\r\n`,
      '0\r\n\r\nhel\r\n\r\nlo',
    ],
    ['after 1xx', `HTTP/1.1 103 Early\r\nlink: a\r\n\r\n${OK}content-length: 2\r\n\r\nok`, 'ok'],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
  ])('%s', async (_what, text, body) => {
    const { upstream, connections } = await rawUpstreamOf(async (connection, request) => {
      const at = Number(/\/(\d+) /.exec(request)?.[1])
      connection.setNoDelay().write(text.slice(0, at))
      await turn()
      connection.write(text.slice(at))
    })
    for (let at = 1; at < text.length; at++) expect(await ask(upstream, `/${at}`)).toBe(body)
    expect(connections).toHaveLength(1)
  })
})

describe('what is not an answer is refused, and its connection ends:', () => {
  const one = `${OK}content-length: 1\r\n`
  test.each([
    ['another protocol', '220 mail.example ESMTP\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['HTTP in small letters', 'http/1.1 200 OK\r\n\r\n'],
    ['something before the protocol', ' HTTP/1.1 200 OK\r\n\r\n'],
    ['a request', 'GET / HTTP/1.1\r\n\r\n'],
    ['no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 99 x\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 x\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 x\r\ncontent-length: 0\r\n\r\n'],
    ['another protocol after it', 'HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['a negative length', `${OK}content-length: -1\r\n\r\n`],
    ['a length with a sign', `${OK}content-length: +1\r\n\r\n1`],
    ['a fraction as length', `${OK}content-length: 1.0\r\n\r\n1`],
    ['a hexadecimal length', `${OK}content-length: 0x1\r\n\r\n1`],
    ['an empty length', `${OK}content-length:\r\n\r\n`],
    ['a length beyond all numbers', `${OK}content-length: 99007199254740993000\r\n\r\n`],
    ['a list of lengths', `${OK}content-length: 1, 1\r\n\r\n1`],
    ['two lengths', `${one}content-length: 2\r\n\r\n12`],
    // RFC 9112, section 6.3: this is how answers are smuggled
    ['a length and chunks', `${one}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['another transfer encoding', `${OK}transfer-encoding: gzip\r\n\r\n`],
    ['two transfer encodings', `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['a transfer encoding that begins like chunks', `${OK}transfer-encoding: chunkedx\r\n\r\n0\r\n\r\n`],
    ['an encoded body', `${OK}content-encoding: gzip\r\ncontent-length: 2\r\n\r\nok`],
    ['a header without a name', `${one}: x\r\n\r\n1`],
    ['a header without a colon', `${one}x-header\r\n\r\n1`],
    ['a header with a control character', `${one}x-header: a\x01\r\n\r\n1`],
    ['a chunk without a size', `${CHUNKED}\r\n\r\n`],
    ['a size that is no number', `${CHUNKED}\r\nxyz\r\n`],
    ['a negative size', `${CHUNKED}\r\n-1\r\n`],
    ['a size with a prefix', `${CHUNKED}\r\n0x1\r\n`],
    ['a size beyond all numbers', `${CHUNKED}\r\n${'f'.repeat(17)}\r\n`],
    ['a chunk longer than its size', `${CHUNKED}\r\n3\r\nfour\r\n`],
    ['headers over 16 KiB', `${OK}x-long: ${'x'.repeat(16 * KIB)}\r\n\r\n`],
    ['headers over 16 KiB that have no end', `${OK}x-long: ${'x'.repeat(16 * KIB)}`],
    ['trailers over 16 KiB', `${CHUNKED}\r\n0\r\nx-long: ${'x'.repeat(16 * KIB)}`],
  ])('%s', async (_what, text) => {
    const { upstream, connections } = await answering(text)
    await expect(upstream.request({ ...GET, timeoutMs: 5000 })).rejects.toMatchObject({
      failure: 'unreachable',
    })
    await ended(connections[0])
  })

  test.each([
    ['within the headers', `${OK}content-le`],
    ['within a body with a length', `${OK}content-length: 5\r\n\r\nhalf`],
    ['within a chunk', `${CHUNKED}\r\n5\r\nhalf`],
    ['after a chunk', `${CHUNKED}\r\n4\r\nhalf\r\n`],
    ['within 1xx', 'HTTP/1.1 103 Early\r\n\r\n'],
  ])('one that ends %s', async (_what, text) => {
    const { upstream } = await rawUpstreamOf((connection) => connection.end(text))
    await expect(upstream.request(GET)).rejects.toMatchObject({ failure: 'unreachable' })
  })
})

test('any number of 1xx takes no longer than the deadline', async () => {
  const { upstream, connections } = await rawUpstreamOf((connection) => {
    const more = () => {
      while (!connection.destroyed && connection.write('HTTP/1.1 103 Early\r\nlink: a\r\n\r\n'));
    }
    connection.on('drain', more)
    more()
  })
  await expect(upstream.request({ ...GET, timeoutMs: 300 })).rejects.toMatchObject({ failure: 'timeout' })
  await ended(connections[0])
})

test('headers of almost 16 KiB are fine', async () => {
  const { upstream } = await answering(`${OK}x-long: ${'x'.repeat(15 * KIB)}\r\ncontent-length: 2\r\n\r\nok`)
  expect(await ask(upstream)).toBe('ok')
})

describe('a connection is used again', () => {
  const length = 'content-length: 2\r\n'
  test.each([
    ['when nothing is said', `${OK}${length}\r\nok`, true],
    ['after keep-alive', `${OK}${length}connection: keep-alive\r\n\r\nok`, true],
    ['after HTTP/1.0 with keep-alive', `HTTP/1.0 200 OK\r\n${length}connection: Keep-Alive\r\n\r\nok`, true],
    ['when the server keeps it', `${OK}${length}Keep-Alive: max=9, Timeout=72\r\n\r\nok`, true],
    ['but not when the server keeps it a second', `${OK}${length}keep-alive: timeout=1\r\n\r\nok`, false],
    ['but not when the server does not keep it', `${OK}${length}keep-alive: timeout=0\r\n\r\nok`, false],
    ['but not after close', `${OK}${length}Connection: Close\r\n\r\nok`, false],
    ['but not after close among others', `${OK}${length}connection: x, close\r\n\r\nok`, false],
    ['but not after HTTP/1.0', `HTTP/1.0 200 OK\r\n${length}\r\nok`, false],
    ['but not when more arrived than was asked for', `${OK}${length}\r\nokH`, false],
    [
      'but not when more arrived than was asked for, after chunks',
      `${CHUNKED}\r\n2\r\nok\r\n0\r\n\r\nH`,
      false,
    ],
    ['but not when 204 has a length', `HTTP/1.1 204 No Content\r\n${length}\r\n`, false],
  ])('%s', async (_what, text, isUsedAgain) => {
    const { upstream, connections } = await answering(text)
    for (let i = 0; i < 3; i++) expect(await ask(upstream)).toBe(text.startsWith('HTTP/1.1 204') ? '' : 'ok')
    expect(connections).toHaveLength(isUsedAgain ? 1 : 3)
  })
})

const answering = (text: string) => rawUpstreamOf((connection) => connection.write(text, 'latin1'))

async function ask(upstream: Upstream, path = '/'): Promise<string> {
  const { body } = await upstream.request({ ...GET, path })
  // undici uses a connection again when the event loop has turned
  await turn()
  return body.toString()
}
