/** The tests of EC2's events once more, on functions without the decision engine, the model and every schedule. */
import { useBareFunctions } from '../support/rig/bare-functions.ts';

await useBareFunctions();
await import('../functions/spot-events/spot-events.test.ts');
