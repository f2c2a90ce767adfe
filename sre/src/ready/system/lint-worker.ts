import { parentPort } from 'node:worker_threads'
import { lint } from '../../runbook/lint.ts'

parentPort?.postMessage(lint())
