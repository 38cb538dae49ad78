/** To so many digits behind the point, as answers tell figures. */
export const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
