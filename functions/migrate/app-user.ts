import { type Kysely, sql } from 'kysely';

/** A database secret, in the shape the Data API expects. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * Creates the database user of the functions, or sets this password if the user exists. It may read and write rows of
 * this schema and change no table: a handler that is tricked can neither drop one nor read another schema.
 * @param schema the database's name
 * @throws Error that never quotes the password
 */
export async function makeAppUser(db: Kysely<unknown>, schema: string, { username, password }: Login): Promise<void> {
  // Both become part of the SQL text: MySQL takes no parameters in these statements.
  if (!/^\w{1,32}$/.test(username))
    throw new Error(`the secret's username is ${username}; it must have 1 to 32 letters, digits and _`);
  if (!/^[A-Za-z0-9]{16,64}$/.test(password))
    throw new Error("the secret's password must have 16 to 64 letters and digits, and nothing else");
  const user = `'${username}'@'%'`;
  try {
    await sql.raw(`CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY '${password}'`).execute(db);
    await sql.raw(`ALTER USER ${user} IDENTIFIED BY '${password}'`).execute(db);
    // In a GRANT, `_` and `%` are wildcards: unescaped they would give access to other schemas.
    const tables = `\`${schema.replaceAll(/[_%\\]/g, '\\$&').replaceAll('`', '``')}\`.*`;
    await sql.raw(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${tables} TO ${user}`).execute(db);
  } catch (error) {
    // No cause: the error may quote the statement.
    throw new Error(`cannot make the database's user ${username}: ${String(error).replaceAll(password, '***')}`);
  }
}
