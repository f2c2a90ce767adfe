import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { checked } from './config.ts'

/** A variable that names a file of certificates in PEM. It is read once at the start, as a check. */
export function certificateFile(description: string) {
  return checked('', description, 'a file with certificates in PEM', readCertificates)
}

/**
 * Reads a file of certificates in PEM.
 *
 * @throws {Error} when it cannot be read, or has no certificate that Node.js understands
 */
export function readCertificates(file: string): string {
  const pem = readFileSync(file, 'utf8')
  const certificates = pem.split(END).slice(0, -1)
  if (certificates.length === 0) throw new Error('no certificate is in it')
  for (const certificate of certificates) new X509Certificate(certificate + END)
  return pem
}

const END = '-----END CERTIFICATE-----'
