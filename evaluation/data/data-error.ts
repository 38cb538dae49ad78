/** The data are not there, or not what they should be. */
export class DataError extends Error {}
