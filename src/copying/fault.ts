// A reason why a copy cannot be made or put back that whoever asked for it can do something about.

/** Told in its sentence, without a stack. */
export class CopyFault extends Error {}
