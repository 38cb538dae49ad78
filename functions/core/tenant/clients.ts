/**
 * The room of tenants ("clients" on the wire and in tables): their tokens, our access to their AWS accounts; and of the
 * operators, who run the control plane.
 * Owns the tables: clients, client_tokens, operators, aws_lookups, clients_daily_snapshot.
 */
import { AppError } from '../../shared/errors.ts';

/** For a tenant that does not exist, or is another than the caller: nobody can tell which. */
export const clientNotFound = () => new AppError('client_not_found', 'Client not found');
