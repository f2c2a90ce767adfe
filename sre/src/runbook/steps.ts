import { type Block, readBlocks } from './blocks.ts'
import { readLength } from './front-matter.ts'

/** A command block of a runbook. */
export interface Step extends Block {
  /** the part of the page, such as `How to look` */
  part: string
  /** the cause or the fix that it is for: the heading within the part */
  about: string | undefined
  /** whether it changes the system; others only look */
  changes: boolean
  /** whether the run goes on when it fails */
  continues: boolean
  timeoutMs: number
}

export const PARTS = [
  'What it means',
  'How to look',
  'Likely causes',
  'Fix',
  'How to verify',
  'Escalation',
] as const

const LOOK_TIMEOUT_MS = 60_000
const CHANGE_TIMEOUT_MS = 5 * 60_000

/**
 * The command blocks of a runbook, in order. Those of the part `Fix` change something, those of the other parts only look. A fence
 * that is marked `changes` or `looks` says otherwise. What looks never stops a run, except in `How to verify`; what changes does when
 * it fails, unless it is marked `continue`. `timeout=90s` is a time-out of its own.
 */
export function readSteps(markdown: string): Step[] {
  const headings = [...markdown.matchAll(/^(##|###) (.+)$/gm)].map(({ 1: level, 2: title = '', index }) => ({
    level,
    title,
    line: markdown.slice(0, index).split('\n').length,
  }))
  return readBlocks(markdown).map((block) => {
    const above = headings.filter(({ line }) => line < block.line)
    const part = above.findLast(({ level }) => level === '##')
    const about = above.findLast(({ level, line }) => level === '###' && line > (part?.line ?? 0))
    const changes = changesSomething(block.marks, part?.title)
    return {
      ...block,
      part: part?.title ?? '',
      about: about?.title,
      changes,
      continues: block.marks.includes('continue') || (!changes && part?.title !== 'How to verify'),
      timeoutMs: ownTimeout(block.marks) ?? (changes ? CHANGE_TIMEOUT_MS : LOOK_TIMEOUT_MS),
    }
  })
}

/** What is wrong with a mark of a fence; undefined when nothing is. */
export function faultOfMark(mark: string): string | undefined {
  if (['changes', 'looks', 'continue'].includes(mark)) return undefined
  if (mark.startsWith('timeout='))
    return ownTimeout([mark]) ? undefined : `${mark} must be as in timeout=90s or timeout=5m`
  return `the mark "${mark}" is none of cluster, manual, changes, looks, continue, timeout=…`
}

function changesSomething(marks: string[], part: string | undefined): boolean {
  if (marks.includes('changes')) return true
  return part === 'Fix' && !marks.includes('looks')
}

function ownTimeout(marks: string[]): number | undefined {
  const mark = marks.find((each) => each.startsWith('timeout='))
  return mark === undefined ? undefined : readLength(mark.slice('timeout='.length))
}
