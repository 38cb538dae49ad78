import { jobHandler } from '../shared/job.ts';
import { reconcileMachines } from './reconcile.ts';

export const handler = jobHandler<'reconciler'>({ 'reconcile-machines': reconcileMachines });
