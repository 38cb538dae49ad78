-- Standbys, and what EC2 announced of instances. Room: functions/core/failover.

CREATE TABLE replica_instances (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  agent_id VARCHAR(36) NOT NULL,
  -- NULL until the instance exists; never a placeholder, which agents would pass to EC2.
  instance_id VARCHAR(64) NULL,
  replica_type VARCHAR(32) NOT NULL,
  pool_id VARCHAR(128) NOT NULL,
  instance_type VARCHAR(64) NOT NULL,
  region VARCHAR(32) NOT NULL,
  az VARCHAR(48) NOT NULL,
  status VARCHAR(16) NOT NULL,
  is_active BOOLEAN GENERATED ALWAYS AS (status IN ('launching', 'syncing', 'ready')) STORED,
  created_by VARCHAR(64) NOT NULL DEFAULT 'unknown',
  parent_instance_id VARCHAR(64) NULL,
  sync_status VARCHAR(16) NOT NULL DEFAULT 'initializing',
  sync_latency_ms INT NULL,
  last_sync_at DATETIME(3) NULL,
  sync_started_at DATETIME(3) NULL,
  sync_completed_at DATETIME(3) NULL,
  state_transfer_progress DECIMAL(5,2) NOT NULL DEFAULT 0,
  hourly_cost DECIMAL(12,6) NULL,
  total_cost DECIMAL(20,6) NOT NULL DEFAULT 0,
  interruption_signal_type VARCHAR(32) NULL,
  interruption_detected_at DATETIME(3) NULL,
  termination_time DATETIME(3) NULL,
  error_message VARCHAR(2000) NULL,
  tags JSON NULL,
  launch_claimed_at DATETIME(3) NULL,
  -- Names the request that took the launch, so that a repeat after a lost answer can tell that it was its own.
  launch_token VARCHAR(36) NULL,
  launched_at DATETIME(3) NULL,
  ready_at DATETIME(3) NULL,
  promoted_at DATETIME(3) NULL,
  failed_at DATETIME(3) NULL,
  -- Why a standby failed, where that is known in a word: see FailureCause in functions/shared/schema.ts.
  failure_cause VARCHAR(16) NULL,
  terminated_at DATETIME(3) NULL,
  termination_attempted_at DATETIME(3) NULL,
  termination_attempts INT NOT NULL DEFAULT 0,
  termination_confirmed BOOLEAN NOT NULL DEFAULT FALSE,
  -- When EC2 was asked, once, for the instance of a launch that was never reported.
  ec2_checked_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  -- Their unique keys allow one active standby of each kind per agent.
  manual_of VARCHAR(36) GENERATED ALWAYS AS (IF(status IN ('launching', 'syncing', 'ready') AND replica_type = 'manual', agent_id, NULL)) STORED,
  automatic_of VARCHAR(36) GENERATED ALWAYS AS (IF(status IN ('launching', 'syncing', 'ready') AND replica_type LIKE 'automatic-%', agent_id, NULL)) STORED,
  PRIMARY KEY (id),
  UNIQUE KEY uq_replica_instances_manual_of (manual_of),
  UNIQUE KEY uq_replica_instances_automatic_of (automatic_of),
  UNIQUE KEY uq_replica_instances_instance (instance_id),
  KEY ix_replica_instances_agent (agent_id, status, termination_confirmed),
  KEY ix_replica_instances_client (client_id, created_at),
  KEY ix_replica_instances_client_active (client_id, is_active, created_at),
  KEY ix_replica_instances_active (is_active),
  KEY ix_replica_instances_agent_active (agent_id, is_active),
  KEY ix_replica_instances_agent_created_at (agent_id, created_at),
  KEY ix_replica_instances_agent_failed_at (agent_id, failed_at),
  KEY ix_replica_instances_agent_failures (agent_id, status, failure_cause, created_at),
  KEY ix_replica_instances_pool_failures (pool_id, status, failed_at),
  KEY ix_replica_instances_launch_claimed_at (launch_claimed_at, client_id),
  KEY ix_replica_instances_agent_launches (agent_id, launch_claimed_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What EC2 announced of an instance, and what was done: interruption notices and rebalance recommendations alike.
CREATE TABLE spot_interruption_events (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  agent_id VARCHAR(36) NOT NULL,
  instance_id VARCHAR(64) NOT NULL,
  signal_type VARCHAR(32) NOT NULL,
  -- Of an interruption notice. A rebalance recommendation announces no time: it has the hour in which it was detected, so
  -- that it is recorded once per instance and hour.
  termination_time DATETIME(3) NOT NULL,
  pool_id VARCHAR(128) NULL,
  instance_type VARCHAR(64) NULL,
  region VARCHAR(32) NULL,
  az VARCHAR(48) NULL,
  -- When the instance saw the signal, by its own clock; created_at is when we heard of it, by ours (docs/adr/0014).
  detected_at DATETIME(3) NOT NULL,
  response_action VARCHAR(32) NULL,
  replica_id VARCHAR(36) NULL,
  replica_ready BOOLEAN NULL,
  failover_completed BOOLEAN NULL,
  failover_time_ms INT NULL,
  success BOOLEAN NULL,
  features JSON NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_spot_interruption_events_signal (instance_id, signal_type, termination_time),
  KEY ix_spot_interruption_events_pool (pool_id, signal_type, created_at),
  KEY ix_spot_interruption_events_created_at (created_at),
  KEY ix_spot_interruption_events_agent (agent_id, created_at),
  KEY ix_spot_interruption_events_ends (signal_type, failover_completed, termination_time),
  KEY ix_spot_interruption_events_client (client_id, detected_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- In which ten minutes a pool was interrupted, however many agents were told: what the choice of a pool counts (docs/adr/0019).
CREATE TABLE pool_losses (
  pool_id VARCHAR(128) NOT NULL,
  bucket DATETIME(3) NOT NULL,
  PRIMARY KEY (pool_id, bucket),
  KEY ix_pool_losses_bucket (bucket)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What agents met of a pool's capacity in ten minutes, all tenants' together: counts only (docs/adr/0058). No row: unknown.
-- Room: functions/core/availability.
CREATE TABLE pool_availability (
  pool_id VARCHAR(128) NOT NULL,
  bucket DATETIME(3) NOT NULL,
  is_up BOOLEAN NOT NULL,
  running INT NOT NULL,
  launches INT NOT NULL,
  refusals INT NOT NULL,
  interruptions INT NOT NULL,
  PRIMARY KEY (pool_id, bucket),
  KEY ix_pool_availability_bucket (bucket)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What all of that comes to, a row a pool: spells, and the week's periods, from which counts over any window follow.
CREATE TABLE pool_states (
  pool_id VARCHAR(128) NOT NULL,
  -- The beginning of the period that was observed last.
  observed_at DATETIME(3) NOT NULL,
  record JSON NOT NULL,
  PRIMARY KEY (pool_id),
  KEY ix_pool_states_observed_at (observed_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
