import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These take a minute or more and so start first: otherwise one worker would still run one when the other is idle. */
const longest = ['failover-simulation', 'agent-interleavings', 'faults', 'crash-matrix', 'reconcile'];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return place < 0 ? longest.length : place;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
