import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  ConfigError,
  checked,
  commonVariables,
  flag,
  integer,
  loadConfig,
  rate,
  secret,
  url,
  usedWhen,
} from '../src/config.ts'
import { Type } from '../src/schema.ts'

const variables = {
  PORT: integer(0, 65_535, 8080, 'port to listen on'),
  SHARE: rate(0.25, 'share of failures'),
  SHOP_URL: url('http://shop:80', 'another service'),
  HINT_URL: url('', 'a service that need not be there'),
  LEVEL: Type.Enum(['low', 'high'], { default: 'low', description: 'a choice' }),
  NAME: Type.String({ default: 'any name', description: 'any text' }),
  TOKEN: secret('none', 'a secret'),
}

const defaults = {
  PORT: 8080,
  SHARE: 0.25,
  SHOP_URL: 'http://shop:80',
  HINT_URL: '',
  LEVEL: 'low',
  NAME: 'any name',
  TOKEN: 'none',
}

test('without any variable, the defaults count', () => {
  expect(loadConfig(variables, {})).toEqual(defaults)
})

test('an empty variable counts as unset', () => {
  const empty = Object.fromEntries(Object.keys(variables).map((name) => [name, '']))
  expect(loadConfig(variables, empty)).toEqual(defaults)
})

test('unknown variables are ignored', () => {
  expect(loadConfig(variables, { PATH: '/bin', PORTS: 'x' })).toEqual(defaults)
})

test('one message names every bad variable, its value, what is allowed and the default', () => {
  const env = {
    PORT: '70000',
    SHARE: '1.5',
    SHOP_URL: 'shop:80',
    LEVEL: 'medium',
    NAME: 'fine',
    TOKEN_FILE: '/nowhere/token',
  }
  const bad = failure(() => loadConfig(variables, env))
  expect(bad).toBeInstanceOf(ConfigError)
  expect(bad.message.split('\n')).toHaveLength(1)
  expect(bad.message).toMatch(/^bad configuration: /)
  for (const named of [
    'PORT="70000" must be a whole number from 0 to 65535 (default 8080)',
    'SHARE="1.5" must be a number from 0 to 1 (default 0.25)',
    'SHOP_URL="shop:80" must be http(s)://host[:port] (default "http://shop:80")',
    'LEVEL="medium" must be one of low, high (default "low")',
    'TOKEN_FILE="/nowhere/token" must be a readable file',
  ]) {
    expect(bad.message).toContain(named)
  }
  expect(bad.message).not.toContain('NAME')
})

test('a secret is read from the file that NAME_FILE points to, without the newline at its end', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'token')
  writeFileSync(file, 's3cr3t\n')
  expect(loadConfig(variables, { TOKEN_FILE: file }).TOKEN).toBe('s3cr3t')
  expect(loadConfig(variables, { TOKEN_FILE: file, TOKEN: 'other' }).TOKEN).toBe('s3cr3t')
  expect(loadConfig(variables, { TOKEN_FILE: '', TOKEN: 'other' }).TOKEN).toBe('other')
})

test('only secrets are read from files', () => {
  expect(loadConfig(variables, { NAME_FILE: '/nowhere' }).NAME).toBe('any name')
})

test('a secret is never in the message', () => {
  const numbered = { PIN: { ...integer(0, 9, 1, 'a digit'), secret: true } }
  const bad = failure(() => loadConfig(numbered, { PIN: 'hunter2' }))
  expect(bad.message).toContain('PIN=(hidden)')
  expect(bad.message).not.toContain('hunter2')
})

describe('a whole number', () => {
  test.each([
    ['0', 0],
    ['65535', 65_535],
    ['+80', 80],
    ['0080', 80],
  ])('can be %j', (text, value) => {
    expect(loadConfig(variables, { PORT: text }).PORT).toBe(value)
  })

  const bad = ['-1', '65536', '1.5', '1.0', '1e3', '0x50', '0b1', '1_000', '80 80', '80a', ' ', '\t']
  test.each([...bad, 'NaN', 'Infinity', '-Infinity', '9'.repeat(400), 'null', 'true', '[]'])(
    'cannot be %j',
    (text) => {
      expect(() => loadConfig(variables, { PORT: text })).toThrow(ConfigError)
    },
  )
})

describe('a rate', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['1.0', 1],
    ['5e-1', 0.5],
  ])('can be %j', (text, value) => {
    expect(loadConfig(variables, { SHARE: text }).SHARE).toBe(value)
  })

  const bad = ['1.01', '-0.1', '2', '50%', '0,5', '0x1', ' ', '.', 'e', '1e3', '1e400']
  test.each([...bad, 'NaN', 'Infinity', '-Infinity'])('cannot be %j', (text) => {
    expect(() => loadConfig(variables, { SHARE: text })).toThrow(ConfigError)
  })
})

describe('the URL of a service', () => {
  test.each(['http://shop', 'http://shop:8081', 'http://shop:8081/', 'https://10.0.0.1', 'http://[::1]:80'])(
    'can be %s',
    (text) => {
      expect(loadConfig(variables, { SHOP_URL: text }).SHOP_URL).toBe(text)
    },
  )

  const bad = ['shop', 'shop:80', '//shop', 'ftp://shop', 'http://', 'http://sh op', 'http://shop/path']
  test.each([
    ...bad,
    'http://shop?x',
    'http://shop#x',
    'http://u:p@shop',
    'http://shop:port',
    'http://shop:99999',
    'http://[',
  ])('cannot be %s', (text) => {
    expect(() => loadConfig(variables, { SHOP_URL: text })).toThrow(/SHOP_URL=.* must be http\(s\):/)
  })
})

describe('a flag', () => {
  const switches = { ON: flag(false, 'a switch') }

  test('is true or false', () => {
    expect(loadConfig(switches, {})).toEqual({ ON: false })
    expect(loadConfig(switches, { ON: 'true' })).toEqual({ ON: true })
    expect(loadConfig(switches, { ON: 'false' })).toEqual({ ON: false })
  })

  test.each(['yes', '1', '0', 'TRUE', ' ', 'null'])('cannot be %j', (text) => {
    expect(failure(() => loadConfig(switches, { ON: text })).message).toBe(
      `bad configuration: ON=${JSON.stringify(text)} must be true or false (default false)`,
    )
  })
})

describe('a text that is checked', () => {
  const noVowels = (text: string) => {
    const at = text.search(/[aeiou]/)
    if (at !== -1) throw new Error(`at column ${at + 1}: a vowel`)
  }
  const words = {
    WORD: checked('rhythm', 'a word', 'a word without vowels', noVowels),
    NUMBER: integer(1, 2, 1, ''),
  }

  test('is read unchanged', () => {
    expect(loadConfig(words, {}).WORD).toBe('rhythm')
    expect(loadConfig(words, { WORD: 'myth' }).WORD).toBe('myth')
  })

  test('a mistake is in the one message, with the reason of its check', () => {
    expect(failure(() => loadConfig(words, { WORD: 'music', NUMBER: '3' })).message).toBe(
      'bad configuration: WORD="music" must be a word without vowels (default "rhythm"): at column 2: a vowel; ' +
        'NUMBER="3" must be a whole number from 1 to 2 (default 1)',
    )
  })
})

test('every service has a log level, a version and limits', () => {
  expect(loadConfig(commonVariables, {})).toEqual({
    HOST: '0.0.0.0',
    LOG_LEVEL: 'info',
    APP_VERSION: '',
    SHUTDOWN_DELAY_MS: 0,
    SHUTDOWN_TIMEOUT_MS: 25_000,
    MAX_CONCURRENT_REQUESTS: 0,
    SERVICE_TOKEN: '',
  })
  expect(() => loadConfig(commonVariables, { LOG_LEVEL: 'verbose' })).toThrow(
    /one of debug, info, warn, error/,
  )
})

function failure(action: () => unknown): Error {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing failed')
}

describe('a variable that is read only when another needs it', () => {
  const store = {
    STORE: Type.Enum(['memory', 'redis'], { default: 'memory', description: '' }),
    REDIS_PORT: usedWhen(({ STORE }) => STORE !== 'memory', integer(1, 65_535, 6379, '')),
  }

  test('is not checked while it is unused', () => {
    expect(loadConfig(store, { REDIS_PORT: 'six' })).toEqual({ STORE: 'memory', REDIS_PORT: 6379 })
  })

  test('is checked when it is used', () => {
    expect(() => loadConfig(store, { STORE: 'redis', REDIS_PORT: 'six' })).toThrow(/REDIS_PORT="six"/)
  })

  test('is checked when the other one is malformed', () => {
    expect(failure(() => loadConfig(store, { STORE: 'file', REDIS_PORT: 'six' })).message).toContain(
      'REDIS_PORT',
    )
  })

  test('is read either way', () => {
    expect(loadConfig(store, { REDIS_PORT: '7000' }).REDIS_PORT).toBe(7000)
  })
})
