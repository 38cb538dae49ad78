import { describe, expect, inject, it } from 'vitest';
import { serverVersion } from '../../../local/database/address.ts';
import { givenDatabase } from '../../../local/database/given.ts';

const address = inject('database');
const url = ({ user, password, host, port }: typeof address) =>
  new URL(`mysql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}`);

describe('a server that is given by its URL', () => {
  it('is described by its version and address, and is not stopped', async () => {
    const { stop, description, ...given } = await givenDatabase(url(address));
    expect(given).toEqual(address);
    expect(description).toMatch(/^(MariaDB|MySQL) \d+\.\d+\.\d+ at 127\.0\.0\.1:\d+ \(SPOT_DATABASE_URL\)$/);
    await stop();
    expect(description).toContain(await serverVersion(address));
  });

  it('is refused if a genuine MySQL is wanted and it is not one', async () => {
    const version = await serverVersion(address);
    const given = givenDatabase(url(address), 'mysql');
    if (version.startsWith('MySQL')) expect((await given).description).toContain(version);
    else await expect(given).rejects.toThrow(`SPOT_DATABASE_URL leads to ${version}: a genuine MySQL is wanted`);
  });

  it('is refused with the wrong password', async () => {
    await expect(givenDatabase(url({ ...address, password: 'wrong' }))).rejects.toThrow(/Access denied/);
  });
});
