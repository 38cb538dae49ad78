-- Agents (the tenants' workloads) and the EC2 instances that carry them. Rooms: functions/core/agent, and for the columns
-- of `instances` that tell of its end (termination_*, ec2_*, and status `terminated`) functions/core/termination.

CREATE TABLE agents (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  logical_agent_id VARCHAR(255) NOT NULL,
  status VARCHAR(16) NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT TRUE,
  -- Raised with each change of primary; a write that carries an older epoch changes nothing.
  epoch INT NOT NULL DEFAULT 1,
  -- Raised by every update, so that the count of changed rows does not depend on whether the values differ.
  version BIGINT NOT NULL DEFAULT 0,
  config_version INT NOT NULL DEFAULT 1,
  hostname VARCHAR(255) NULL,
  -- The primary, or the last one that there was.
  instance_id VARCHAR(64) NULL,
  -- Why and when the primary last changed, or was cleared.
  primary_cause VARCHAR(32) NULL,
  primary_changed_at DATETIME(3) NULL,
  instance_type VARCHAR(64) NULL,
  region VARCHAR(32) NULL,
  az VARCHAR(48) NULL,
  ami_id VARCHAR(64) NULL,
  private_ip VARCHAR(45) NULL,
  public_ip VARCHAR(45) NULL,
  current_mode VARCHAR(16) NOT NULL DEFAULT 'unknown',
  current_pool_id VARCHAR(128) NULL,
  agent_version VARCHAR(32) NULL,
  last_heartbeat_at DATETIME(3) NULL,
  -- In how many seconds the primary comes back, where it goes by our answer (docs/protocol.md A2); NULL: by itself.
  beat_seconds SMALLINT NULL,
  priced_at DATETIME(3) NULL,
  decided_at DATETIME(3) NULL,
  auto_switch_enabled BOOLEAN NOT NULL DEFAULT TRUE,
  auto_terminate_enabled BOOLEAN NOT NULL DEFAULT TRUE,
  terminate_wait_seconds INT NOT NULL DEFAULT 300,
  replica_enabled BOOLEAN NOT NULL DEFAULT FALSE,
  manual_replica_enabled BOOLEAN NOT NULL DEFAULT FALSE,
  min_savings_percent DECIMAL(5,2) NOT NULL DEFAULT 15.00,
  risk_threshold DECIMAL(4,2) NOT NULL DEFAULT 0.30,
  max_switches_per_week INT NOT NULL DEFAULT 10,
  max_switches_per_day INT NOT NULL DEFAULT 3,
  min_pool_duration_hours INT NOT NULL DEFAULT 2,
  -- Whether somebody has changed one of these five. Otherwise an agent with a target is held by its budget alone (docs/adr/0059).
  limits_set BOOLEAN NOT NULL DEFAULT FALSE,
  -- Such as 0.9995; NULL: none, only the price counts.
  availability_target DECIMAL(6,5) NULL,
  -- `week`: of each calendar week; `rolling`: of any seven days.
  availability_form VARCHAR(8) NOT NULL DEFAULT 'week',
  -- When the agent may be moved without need: {timeZone, windows}; NULL: always.
  disruption_windows JSON NULL,
  -- Of a job: when it has to be done, and what a launch adds to its work.
  deadline DATETIME(3) NULL,
  restart_overhead_seconds INT NOT NULL DEFAULT 720,
  -- What was left of the work, at a time; NULL: nobody has said (docs/adr/0072).
  remaining_work_seconds INT NULL,
  remaining_work_at DATETIME(3) NULL,
  last_switch_at DATETIME(3) NULL,
  last_failover_at DATETIME(3) NULL,
  last_interruption_signal VARCHAR(32) NULL,
  last_termination_notice_at DATETIME(3) NULL,
  last_rebalance_recommendation_at DATETIME(3) NULL,
  pending_termination_at DATETIME(3) NULL,
  pending_termination_instance VARCHAR(64) NULL,
  interruption_handled_count INT NOT NULL DEFAULT 0,
  emergency_replica_count INT NOT NULL DEFAULT 0,
  last_cleanup_at DATETIME(3) NULL,
  terminated_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  -- Since when the agent has not been decided on, where its primary has reported prices in the meantime; 1970 where it never
  -- was, and otherwise NULL.
  undecided_since DATETIME(3) GENERATED ALWAYS AS (IF(status <> 'deleted' AND priced_at IS NOT NULL AND (decided_at IS NULL OR decided_at < priced_at), COALESCE(decided_at, FROM_DAYS(719528)), NULL)) STORED,
  -- The tenant whose consoles list the agent; NULL once it is deleted.
  listed_of VARCHAR(36) GENERATED ALWAYS AS (IF(status = 'deleted', NULL, client_id)) STORED,
  PRIMARY KEY (id),
  UNIQUE KEY uq_agents_logical_id (client_id, logical_agent_id),
  KEY ix_agents_listed (listed_of, logical_agent_id),
  KEY ix_agents_logical_id (logical_agent_id),
  KEY ix_agents_heartbeat (status, last_heartbeat_at),
  KEY ix_agents_undecided (undecided_since),
  KEY ix_agents_pending_termination (pending_termination_at),
  KEY ix_agents_recommendation (last_rebalance_recommendation_at),
  KEY ix_agents_manual_replica (manual_replica_enabled),
  KEY ix_agents_target (availability_target, instance_type, region),
  CONSTRAINT ck_agents_one_mode CHECK (NOT (auto_switch_enabled AND manual_replica_enabled))
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE instances (
  id VARCHAR(64) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  agent_id VARCHAR(36) NOT NULL,
  instance_type VARCHAR(64) NULL,
  region VARCHAR(32) NULL,
  az VARCHAR(48) NULL,
  ami_id VARCHAR(64) NULL,
  instance_status VARCHAR(16) NOT NULL,
  is_primary BOOLEAN NOT NULL DEFAULT FALSE,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  -- Why and when this instance last became the primary.
  primary_cause VARCHAR(32) NULL,
  primary_since DATETIME(3) NULL,
  current_mode VARCHAR(16) NOT NULL DEFAULT 'unknown',
  current_pool_id VARCHAR(128) NULL,
  spot_price DECIMAL(12,6) NULL,
  ondemand_price DECIMAL(12,6) NULL,
  baseline_ondemand_price DECIMAL(12,6) NULL,
  -- The last five price reports, newest first: [{time, onDemandPrice, spotPrice}] (docs/adr/0005).
  recent_reports JSON NULL,
  last_report_at DATETIME(3) NULL,
  version BIGINT NOT NULL DEFAULT 0,
  installed_at DATETIME(3) NOT NULL,
  last_seen_at DATETIME(3) NULL,
  last_switch_at DATETIME(3) NULL,
  zombie_at DATETIME(3) NULL,
  detached_at DATETIME(3) NULL,
  terminated_at DATETIME(3) NULL,
  termination_attempted_at DATETIME(3) NULL,
  termination_attempts INT NOT NULL DEFAULT 0,
  termination_confirmed BOOLEAN NOT NULL DEFAULT FALSE,
  -- What EC2 last said of it: a state of EC2's, or `not-found` (docs/adr/0011).
  ec2_state VARCHAR(16) NULL,
  ec2_checked_at DATETIME(3) NULL,
  ec2_next_check_at DATETIME(3) NULL,
  ec2_checks INT NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  -- Its unique key allows one primary per agent, whoever writes and in whatever order.
  primary_of VARCHAR(36) GENERATED ALWAYS AS (IF(is_primary, agent_id, NULL)) STORED,
  PRIMARY KEY (id),
  UNIQUE KEY uq_instances_primary_of (primary_of),
  KEY ix_instances_agent (agent_id, instance_status, zombie_at),
  KEY ix_instances_agent_end (agent_id, terminated_at),
  KEY ix_instances_client (client_id, instance_status, created_at),
  KEY ix_instances_client_created_at (client_id, created_at),
  KEY ix_instances_created_at (created_at),
  KEY ix_instances_status (instance_status, created_at),
  KEY ix_instances_unconfirmed (termination_confirmed, instance_status, ec2_next_check_at),
  CONSTRAINT ck_instances_primary_runs CHECK (NOT is_primary OR (instance_status = 'running_primary' AND is_active)),
  CONSTRAINT ck_instances_gone_is_inactive CHECK (instance_status NOT IN ('zombie', 'terminated') OR NOT is_active)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What agents deleted when they cleaned up old snapshots and images.
CREATE TABLE cleanup_logs (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  agent_id VARCHAR(36) NOT NULL,
  cleanup_type VARCHAR(16) NOT NULL,
  deleted_snapshots_count INT NOT NULL,
  deleted_amis_count INT NOT NULL,
  failed_count INT NOT NULL,
  details JSON NULL,
  cutoff_date DATETIME(3) NULL,
  executed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_cleanup_logs_run (agent_id, executed_at),
  KEY ix_cleanup_logs_client (client_id),
  KEY ix_cleanup_logs_executed_at (executed_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Since when, and until when, we are sure to have been there to hear agents: one row.
CREATE TABLE hearing (
  id TINYINT UNSIGNED NOT NULL,
  heard_since DATETIME(3) NULL,
  heard_until DATETIME(3) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
