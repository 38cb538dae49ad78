import { deliverNotifications } from '../core/webhook/deliver.ts';
import { jobHandler } from '../shared/job.ts';

export const handler = jobHandler<'delivery'>({ 'deliver-notifications': deliverNotifications });
