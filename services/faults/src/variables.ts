import { checked, flag, secret } from '@quickticket/kit/config'
import { Type } from '@quickticket/kit/schema'
import type { Static, TObject } from 'typebox'
import { parseFaults } from './parse.ts'

/** The variables of a service that can inject faults. */
export const faultVariables = {
  FAULTS: checked(
    '',
    'what is injected into which requests, such as `POST /charge 5% status=503`',
    'a list of faults as in docs/faults.md',
    parseFaults,
  ),
  FAULT_SEED: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 2 ** 32 - 1,
      description:
        'makes injected faults repeat exactly, those of the variables of the labs too; unset: random',
    }),
  ),
  FAULTS_SEALED: flag(false, 'metrics, log and `/faults` do not show which faults are injected'),
  FAULT_ADMIN_TOKEN: secret('', 'allows changes of the faults at `/faults`; empty: there is no such path'),
}

export type FaultConfig = Static<TObject<typeof faultVariables>>
