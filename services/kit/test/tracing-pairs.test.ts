import { expect, test } from 'vitest'
import { parsePairs } from '../src/tracing/pairs.ts'

test.for<[string, Record<string, string>]>([
  ['', {}],
  ['a=1', { a: '1' }],
  ['a=1,b=2', { a: '1', b: '2' }],
  [' a = 1 , b = 2 ,', { a: '1', b: '2' }],
  ['a=', { a: '' }],
  ['a=b=c', { a: 'b=c' }],
  ['a=1,a=2', { a: '2' }],
  ['authorization=Bearer%20knock', { authorization: 'Bearer knock' }],
  ['a=x%2Cy%3Dz', { a: 'x,y=z' }],
  ['name%20one=1', { 'name one': '1' }],
])('%j are the pairs %j', ([text, pairs]) => {
  expect(parsePairs(text)).toEqual(pairs)
})

test.for(['a', '=1', 'a=1,b', 'a=%', 'a=%zz', '%=1', 'a=%ff'])('%j are no pairs', (text) => {
  expect(() => parsePairs(text)).toThrow()
})
