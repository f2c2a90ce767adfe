export const GATEWAY_TIMEOUT_MS = 1500
/** by plan; with few events, seats that are free again are wanted at once */
export const NEW_EVENT_EVERY_MS = { all: 2500, freeze: 15_000 }
