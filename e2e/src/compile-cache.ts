import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Lets processes share compiled code: starting them is most of what these tests do. */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), 'quickticket-e2e-compiled') }
