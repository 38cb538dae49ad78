import { jobHandler } from '../shared/job.ts';
import { reconcileMachines } from './service.ts';

export const handler = jobHandler<'reconciler'>({ 'reconcile-machines': reconcileMachines });
