/** The public address of the service in tests, for those that reach it in another process as well. */
export const origin = 'https://sign-in.test'
