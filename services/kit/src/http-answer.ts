export interface HttpAnswer {
  status: number
  contentType: string
  retryAfter: string | undefined
  /** when it was written, by the clock of the server */
  date: string | undefined
  body: Buffer
}

interface Head extends Omit<HttpAnswer, 'body'> {
  /** bytes; undefined: to the end of the connection */
  length: number | undefined
  chunked: boolean
  idleMs: number
}

const LINE_END = Buffer.from('\r\n')
const HEAD_END = Buffer.from('\r\n\r\n')
const MAX_HEAD_BYTES = 16 * 1024
/** What a piece of a body takes in memory besides its bytes: one that comes in very small chunks is larger than it seems. */
const PIECE_BYTES = 64
/** what can be passed on in a header */
const PRINTABLE = /^[\x20-\x7e]{1,64}$/
const NOTHING: Buffer = Buffer.alloc(0)

/** Reads the answers of one connection: HTTP/1.1 as in RFC 9112, for a client that sends neither HEAD nor CONNECT. */
export class AnswerReader {
  /** how long the connection may be idle after its last answer and still be used, in milliseconds; 0: it ends */
  idleMs = 0
  /** what the body of the next answer may take in memory */
  maxBodyBytes = Number.POSITIVE_INFINITY
  #bodyBytes = 0
  #unread = NOTHING
  #head: Head | undefined
  #body: Buffer[] = []
  #missing = 0
  #expected: 'data' | 'line end' | 'size' | 'trailer' = 'data'

  /**
   * Takes what has arrived.
   *
   * @returns the answer once it is complete
   * @throws {Error} when this is not an answer of HTTP/1.1, or a longer one than allowed
   */
  read(chunk: Buffer): HttpAnswer | undefined {
    this.#unread = this.#unread.length > 0 ? Buffer.concat([this.#unread, chunk]) : chunk
    while (!this.#head) {
      const text = this.#takeUntil(HEAD_END)
      if (text === undefined) return undefined
      const head = parseHead(text)
      // 1xx: the answer is still to come
      if (head.status >= 200) this.#begin(head)
    }
    return this.#head.chunked ? this.#readChunks(this.#head) : this.#readBody(this.#head)
  }

  /**
   * Nothing more arrives.
   *
   * @returns the answer when that is how its body ends
   */
  end(): HttpAnswer | undefined {
    const head = this.#head
    return head && !head.chunked && head.length === undefined ? this.#complete(head) : undefined
  }

  #begin(head: Head): void {
    if ((head.length ?? 0) > this.maxBodyBytes) throw tooLong(this.maxBodyBytes)
    this.#head = head
    this.#bodyBytes = 0
    this.#missing = head.length ?? Number.POSITIVE_INFINITY
    this.#expected = head.chunked ? 'size' : 'data'
  }

  #readBody(head: Head): HttpAnswer | undefined {
    this.#takeData()
    return this.#missing === 0 ? this.#complete(head) : undefined
  }

  /** RFC 9112, section 7.1 */
  #readChunks(head: Head): HttpAnswer | undefined {
    for (;;) {
      if (this.#expected === 'data') {
        this.#takeData()
        if (this.#missing > 0) return undefined
        this.#expected = 'line end'
      }
      const line = this.#takeUntil(LINE_END)
      if (line === undefined) return undefined
      if (this.#expected === 'size') {
        this.#missing = chunkSize(line)
        this.#expected = this.#missing > 0 ? 'data' : 'trailer'
      } else if (this.#expected === 'trailer') {
        if (line === '') return this.#complete(head)
      } else {
        if (line !== '') throw new Error('a chunk is longer than its size')
        this.#expected = 'size'
      }
    }
  }

  #takeData(): void {
    const unread = this.#unread
    if (unread.length === 0) return
    const data = unread.length > this.#missing ? unread.subarray(0, this.#missing) : unread
    this.#unread = data === unread ? NOTHING : unread.subarray(data.length)
    this.#missing -= data.length
    if (data.length === 0) return
    this.#bodyBytes += data.length + PIECE_BYTES
    if (this.#bodyBytes > this.maxBodyBytes) throw tooLong(this.maxBodyBytes)
    this.#body.push(data)
  }

  #takeUntil(end: Buffer): string | undefined {
    const unread = this.#unread
    const at = unread.indexOf(end)
    if ((at < 0 ? unread.length : at) > MAX_HEAD_BYTES) throw new Error('the head of the answer is too long')
    if (at < 0) return undefined
    this.#unread = unread.subarray(at + end.length)
    return unread.toString('latin1', 0, at)
  }

  #complete({ status, contentType, retryAfter, date, idleMs }: Head): HttpAnswer {
    const [first] = this.#body
    const body = this.#body.length === 1 && first ? first : Buffer.concat(this.#body)
    // bytes that nobody asked for would become part of the next answer
    this.idleMs = this.#unread.length > 0 ? 0 : idleMs
    this.#head = undefined
    this.#body = []
    return { status, contentType, retryAfter, date, body }
  }
}

function tooLong(maxBodyBytes: number): Error {
  return new Error(`the answer is longer than ${maxBodyBytes} bytes`)
}

function parseHead(text: string): Head {
  let lineEnd = text.indexOf('\r\n')
  const start = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(lineEnd < 0 ? text : text.slice(0, lineEnd))
  if (!start) throw new Error('this is not an answer of HTTP/1.1')
  const status = Number(start[2])
  let contentType = ''
  let retryAfter: string | undefined
  let date: string | undefined
  let length: number | undefined
  let chunked = false
  let persists = start[1] === '1'
  let closes = false
  let idleMs = Number.POSITIVE_INFINITY
  while (lineEnd >= 0) {
    const next = text.indexOf('\r\n', lineEnd + 2)
    const line = next < 0 ? text.slice(lineEnd + 2) : text.slice(lineEnd + 2, next)
    lineEnd = next
    const colon = line.indexOf(':')
    if (colon < 1) throw new Error('a header of the answer has no name')
    switch (line.slice(0, colon).toLowerCase()) {
      case 'content-type':
        contentType = line.slice(colon + 1).trim()
        break
      case 'retry-after':
        retryAfter = PRINTABLE.exec(line.slice(colon + 1).trim())?.[0]
        break
      case 'date':
        date = line.slice(colon + 1).trim()
        break
      case 'content-length':
        length = contentLength(line.slice(colon + 1).trim(), length)
        break
      case 'transfer-encoding':
        if (!/^\s*chunked\s*$/i.test(line.slice(colon + 1)))
          throw new Error('the answer is encoded in a way that was not asked for')
        chunked = true
        break
      case 'content-encoding':
        if (!/^\s*identity\s*$/i.test(line.slice(colon + 1)))
          throw new Error('the answer is encoded in a way that was not asked for')
        break
      case 'connection':
        if (/\bclose\b/i.test(line)) closes = true
        else if (/\bkeep-alive\b/i.test(line.slice(colon))) persists = true
        break
      case 'keep-alive':
        idleMs = allowedIdleMs(line)
        break
    }
  }
  const bodiless = status < 200 || status === 204 || status === 304
  return {
    status,
    contentType,
    retryAfter,
    date,
    length: bodiless ? 0 : length,
    chunked: chunked && !bodiless,
    // both lengths at once is how requests are smuggled: RFC 9112, section 6.3
    idleMs: persists && !closes && !(chunked && length !== undefined) ? idleMs : 0,
  }
}

function contentLength(value: string, known: number | undefined): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (known === undefined ? Number.isNaN(length) : length !== known)
    throw new Error('the answer has no clear length')
  return length
}

/** A second less than the server says: it may close the connection while the next request is on its way. */
function allowedIdleMs(line: string): number {
  const seconds = /\btimeout=(\d{1,6})/i.exec(line)?.[1]
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(Number(seconds) - 1, 0) * 1000
}

function chunkSize(line: string): number {
  const size = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line)?.[1]
  if (size === undefined) throw new Error('a chunk has no size')
  return Number.parseInt(size, 16)
}
