/** An expected failure: its message says why in one line, and needs no stack. */
export class BackupError extends Error {}
