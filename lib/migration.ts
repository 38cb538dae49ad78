import { Duration } from 'aws-cdk-lib';
import { Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import { lambdas } from '../functions/lambdas.ts';
import { AppFunction, type Bundles } from './app-function.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';

export interface MigrationProps {
  readonly bundles: Bundles;
  readonly config: Config;
  readonly database: Database;
}

/** Brings the tables up to date in each deployment that changes them; a migration that fails rolls the deployment back. */
export class Migration extends Construct {
  private readonly trigger: Trigger;

  constructor(scope: Construct, id: string, { bundles, config, database }: MigrationProps) {
    super(scope, id);
    const handler = new AppFunction(this, 'migrate', { bundles, config });
    const timeout = Duration.seconds(lambdas.migrate.timeoutSeconds);
    database.connect(handler);
    this.trigger = new Trigger(this, 'Trigger', { handler, timeout, executeAfter: [database] });
  }

  /** Holds back everything in the given constructs until the tables are up to date. */
  runBefore(...constructs: Construct[]): void {
    this.trigger.executeBefore(...constructs);
  }
}
