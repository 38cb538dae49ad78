import { jobHandler } from '../shared/job.ts';
import { reconcileInstances } from './reconcile.ts';

export const handler = jobHandler<'reconciler'>({ 'reconcile-instances': reconcileInstances });
