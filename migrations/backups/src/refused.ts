/** Why something was not done, in one line for whoever asked for it. */
export class Refused extends Error {}
