-- What was decided, and from what. Room: functions/core/decision.

-- One row per decision, whether or not anything came of it: it can be replayed from `inputs` (docs/adr/0006). One that says
-- what the last one of the agent said is counted on that row (docs/adr/0035).
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
  -- The answer to them, deflated, in base64: taken again, it is the same bytes (functions/core/decision/replay.ts).
  answer VARCHAR(2500) CHARACTER SET ascii NULL,
  -- How often this was decided in a row, and when last; `inputs` and `decision_time` are of the first time.
  times INT NOT NULL DEFAULT 1,
  last_time DATETIME(3) NOT NULL,
  -- What decisions share that say the same.
  fingerprint CHAR(32) NOT NULL,
  -- Whose newest decision this is, and who asked for it.
  latest_of VARCHAR(64) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_decisions_latest_of (latest_of),
  KEY ix_decisions_agent (agent_id, decision_time),
  KEY ix_decisions_client (client_id, decision_time),
  KEY ix_decisions_decision_time (decision_time)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What prices of downtime would have led to, by place: services in the shadow (functions/core/decision/policy-a/shadows.ts).
CREATE TABLE policy_shadows (
  instance_type VARCHAR(64) NOT NULL,
  region VARCHAR(32) NOT NULL,
  observed_at DATETIME(3) NOT NULL,
  -- What a decision reads of it: {startedAt, sums}.
  pacing JSON NOT NULL,
  -- All of it, deflated, in base64.
  state VARCHAR(12000) CHARACTER SET ascii NOT NULL,
  -- What told the hazards, and whether it stood in for what failed.
  model VARCHAR(64) CHARACTER SET ascii NOT NULL,
  is_degraded BOOLEAN NOT NULL,
  PRIMARY KEY (instance_type, region),
  KEY ix_policy_shadows_observed (observed_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
