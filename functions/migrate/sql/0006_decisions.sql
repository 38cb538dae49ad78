-- What was decided, and from what. Room: functions/core/decision.

-- One row per decision, whether or not anything came of it: it can be replayed from `inputs` (docs/adr/0006).
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
  KEY ix_decisions_agent (agent_id, decision_time),
  KEY ix_decisions_client (client_id, decision_time),
  KEY ix_decisions_decision_time (decision_time)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
