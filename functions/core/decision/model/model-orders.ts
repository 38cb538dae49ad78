/** What goes to and from the process of a model, as JSON. */

/** A model in base64, or rows of features, one after another. */
export type Order = { readonly id: number } & (
  | { readonly model: string }
  | { readonly features: readonly number[]; readonly rows: number }
);

/** A row of chances for each row of features, none for a model; or why not. */
export type Outcome = { readonly id: number } & ({ readonly chances: readonly number[] } | { readonly why: string });
