-- What happened, what it cost and saved, and which jobs ran.

-- Everything worth remembering. A row with `notify` is also a notification (contract 7): one insert, never one of two.
CREATE TABLE system_events (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NULL,
  agent_id VARCHAR(36) NULL,
  instance_id VARCHAR(64) NULL,
  event_type VARCHAR(64) NOT NULL,
  severity VARCHAR(16) NOT NULL,
  message VARCHAR(1000) NOT NULL,
  metadata JSON NULL,
  notify BOOLEAN NOT NULL DEFAULT FALSE,
  is_read BOOLEAN NOT NULL DEFAULT FALSE,
  -- What may be said only once has a key; NULLs do not collide.
  dedupe_key VARCHAR(191) NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY said_once (dedupe_key),
  KEY of_agent (agent_id, created_at),
  KEY notifications_of_client (client_id, notify, created_at),
  KEY newest (created_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

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
  UNIQUE KEY one_row_a_run (agent_id, executed_at),
  KEY by_age (executed_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE audit_logs (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NULL,
  actor VARCHAR(64) NOT NULL,
  action VARCHAR(64) NOT NULL,
  source_ip VARCHAR(45) NULL,
  metadata JSON NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY of_client (client_id, created_at),
  KEY by_age (created_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE job_runs (
  job VARCHAR(64) NOT NULL,
  running_until DATETIME(3) NULL,
  run_token VARCHAR(36) NULL,
  due_at DATETIME(3) NULL,
  started_at DATETIME(3) NULL,
  finished_at DATETIME(3) NULL,
  rows_changed INT NULL,
  error VARCHAR(1000) NULL,
  PRIMARY KEY (job)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE cost_records (
  instance_id VARCHAR(64) NOT NULL,
  period_start DATETIME(3) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  agent_id VARCHAR(36) NOT NULL,
  mode VARCHAR(16) NOT NULL,
  hours_running DECIMAL(9,6) NOT NULL,
  baseline_cost DECIMAL(14,6) NOT NULL,
  actual_cost DECIMAL(14,6) NOT NULL,
  savings DECIMAL(14,6) NOT NULL,
  PRIMARY KEY (instance_id, period_start),
  KEY of_client (client_id, period_start),
  KEY of_agent (agent_id, period_start)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE client_savings_daily (
  client_id VARCHAR(36) NOT NULL,
  savings_date DATE NOT NULL,
  baseline_cost DECIMAL(20,6) NOT NULL,
  actual_cost DECIMAL(20,6) NOT NULL,
  savings DECIMAL(20,6) NOT NULL,
  switch_count INT NOT NULL,
  instance_count INT NOT NULL,
  PRIMARY KEY (client_id, savings_date)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE client_savings_monthly (
  client_id VARCHAR(36) NOT NULL,
  savings_year SMALLINT NOT NULL,
  savings_month TINYINT NOT NULL,
  baseline_cost DECIMAL(20,6) NOT NULL,
  actual_cost DECIMAL(20,6) NOT NULL,
  savings DECIMAL(20,6) NOT NULL,
  switch_count INT NOT NULL,
  instance_count INT NOT NULL,
  PRIMARY KEY (client_id, savings_year, savings_month)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE clients_daily_snapshot (
  snapshot_date DATE NOT NULL,
  total_clients INT NOT NULL,
  new_clients INT NOT NULL,
  active_clients INT NOT NULL,
  PRIMARY KEY (snapshot_date)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
