/** Repeats the tests of EC2 events on functions without the decision engine, the model and all schedules. */
import { useBareFunctions } from '../support/rig/bare-functions.ts';

await useBareFunctions();
await import('../functions/spot-events/spot-events.test.ts');
