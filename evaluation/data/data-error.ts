/** The data are missing or invalid. */
export class DataError extends Error {}
