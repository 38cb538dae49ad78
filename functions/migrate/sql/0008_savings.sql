-- What instances cost and what was saved, rolled up by tenant. Nothing writes these tables yet.

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
  KEY ix_cost_records_client (client_id, period_start),
  KEY ix_cost_records_agent (agent_id, period_start)
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
