/** Messages to and from a model's process, as JSON. */

/** A model in base64 to load, or rows of features, one after another, to compute. */
export type Order = { readonly id: number } & (
  | { readonly model: string }
  | { readonly features: readonly number[]; readonly rows: number }
);

/** A row of chances for each row of features, none for a model; or why it failed. */
export type Outcome = { readonly id: number } & ({ readonly chances: readonly number[] } | { readonly why: string });
