/** Rounds to this many decimal places, as responses show figures. */
export const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
