import { expect } from 'vitest';

/** @param within how far the result may be from the golden one, whose decimals are rounded */
export const expectGolden = (value: number, wanted: number, name: string, within = 1e-4): void =>
  expect(Math.abs(value - wanted), `${name}: ${value}, golden ${wanted}`).toBeLessThanOrEqual(within);
