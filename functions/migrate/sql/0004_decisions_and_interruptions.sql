-- What was decided and from what, and what EC2 announced.

-- One row a decision, whether or not anything came of it: it can be replayed from `inputs` (docs/adr/0006).
CREATE TABLE decisions (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  agent_id VARCHAR(36) NOT NULL,
  instance_id VARCHAR(64) NULL,
  decision_time DATETIME(3) NOT NULL,
  source VARCHAR(16) NOT NULL,
  recommended_action VARCHAR(16) NOT NULL,
  recommended_mode VARCHAR(16) NOT NULL,
  recommended_pool_id VARCHAR(128) NULL,
  risk_score DECIMAL(5,4) NOT NULL,
  expected_savings_per_hour DECIMAL(12,6) NOT NULL,
  allowed BOOLEAN NOT NULL,
  failed_gate VARCHAR(32) NULL,
  reason VARCHAR(500) NOT NULL,
  confidence DECIMAL(3,2) NOT NULL,
  model_version VARCHAR(64) NOT NULL,
  command_id VARCHAR(36) NULL,
  inputs JSON NOT NULL,
  PRIMARY KEY (id),
  KEY of_agent (agent_id, decision_time),
  KEY of_client (client_id, decision_time),
  KEY by_age (decision_time)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What EC2 announced of a machine, and what we did about it: notices and rebalance recommendations alike.
CREATE TABLE spot_interruption_events (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  agent_id VARCHAR(36) NOT NULL,
  instance_id VARCHAR(64) NOT NULL,
  signal_type VARCHAR(32) NOT NULL,
  -- Of a termination notice; a rebalance recommendation has none and stands once an instance and hour.
  termination_time DATETIME(3) NOT NULL,
  pool_id VARCHAR(128) NULL,
  instance_type VARCHAR(64) NULL,
  region VARCHAR(32) NULL,
  az VARCHAR(48) NULL,
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
  UNIQUE KEY one_row_a_signal (instance_id, signal_type, termination_time),
  KEY of_pool (pool_id, detected_at),
  KEY of_agent (agent_id, detected_at),
  KEY of_client (client_id, detected_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
