import type { Market } from '../../market/market.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import type { Instance } from '../ec2/instance.ts';
import type { Interruption } from '../ec2/interruption.ts';
import type { Ledger } from '../report/ledger.ts';
import type { Simulation } from '../run/simulation.ts';
import type { AgentHttp } from './agent-http.ts';
import type { AgentImage } from './agent-image.ts';

/** What an agent process finds on its instance: instance metadata, AWS, the control plane and the clock. */
export interface AgentContext {
  readonly instance: Instance;
  /** What EC2 will announce in the metadata of this instance, and when. */
  readonly interruption: Interruption | undefined;
  readonly image: AgentImage;
  readonly ec2: Ec2;
  readonly market: Market;
  readonly simulation: Simulation;
  readonly api: AgentHttp;
  readonly ledger: Ledger;
  readonly log: (line: string) => void;
}
