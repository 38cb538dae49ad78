-- What instances cost and what was saved, rolled up by tenant. Room: functions/core/savings.

-- One row for each hour in which an instance ran (docs/adr/0038). Money is rounded once, to a millionth of a dollar.
CREATE TABLE cost_records (
  instance_id VARCHAR(64) NOT NULL,
  period_start DATETIME(3) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  agent_id VARCHAR(36) NOT NULL,
  mode VARCHAR(16) NOT NULL,
  hours_running DECIMAL(9,6) NOT NULL,
  -- Of these, the hours as its agent's primary, which have a baseline; and those that have no price, which count for nothing.
  hours_primary DECIMAL(9,6) NOT NULL,
  hours_unpriced DECIMAL(9,6) NOT NULL,
  -- Why it cost nothing, where it did: `first-hour`.
  free_reason VARCHAR(16) NULL,
  -- What the tenant pays in place of public prices, as far as it priced the hour: a line for each; NULL for public prices alone.
  overlays VARCHAR(500) NULL,
  baseline_cost DECIMAL(14,6) NOT NULL,
  actual_cost DECIMAL(14,6) NOT NULL,
  savings DECIMAL(14,6) NOT NULL,
  PRIMARY KEY (instance_id, period_start),
  KEY ix_cost_records_client (client_id, period_start),
  KEY ix_cost_records_agent (agent_id, period_start),
  KEY ix_cost_records_period (period_start, agent_id)
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

-- How far hours have been accounted for; one row. Within an hour agents are taken in the order of their ids.
CREATE TABLE savings_progress (
  id TINYINT NOT NULL,
  accrued_until DATETIME(3) NOT NULL,
  after_agent VARCHAR(36) NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_savings_progress_one CHECK (id = 1)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What a tenant really pays, where that is not the public price: a share of it, or so many dollars an hour. The list is always
-- replaced whole, so a row's key is its place in it.
CREATE TABLE client_price_overlays (
  client_id VARCHAR(36) NOT NULL,
  position SMALLINT NOT NULL,
  -- As the tenant calls it.
  name VARCHAR(64) NULL,
  -- Empty for every type that has no row of its own.
  instance_type VARCHAR(64) NOT NULL,
  mode VARCHAR(16) NOT NULL,
  multiplier DECIMAL(9,6) NULL,
  hourly_price DECIMAL(12,6) NULL,
  -- When it counts; NULL: ever since, or for ever.
  valid_from DATETIME(3) NULL,
  valid_until DATETIME(3) NULL,
  PRIMARY KEY (client_id, position),
  CONSTRAINT ck_client_price_overlays_one CHECK ((multiplier IS NULL) <> (hourly_price IS NULL))
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Tenants whose hours have to be accounted for again, and how far that has come; the row goes when it is done.
CREATE TABLE savings_corrections (
  client_id VARCHAR(36) NOT NULL,
  next_hour DATETIME(3) NOT NULL,
  after_agent VARCHAR(36) NULL,
  -- Of the change that asked for it last: who has accounted for hours by what was before does not end it.
  change_id VARCHAR(36) NOT NULL,
  PRIMARY KEY (client_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What there was at the end of each day, UTC. Room: functions/core/tenant.
CREATE TABLE clients_daily_snapshot (
  snapshot_date DATE NOT NULL,
  total_clients INT NOT NULL,
  new_clients INT NOT NULL,
  active_clients INT NOT NULL,
  -- Switches recorded until then, in all, so that nobody counts those of years.
  total_switches BIGINT NOT NULL,
  manual_switches BIGINT NOT NULL,
  model_switches BIGINT NOT NULL,
  PRIMARY KEY (snapshot_date)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What EC2 Capacity Manager says of a tenant's account, by day: a figure that is not ours (functions/reconciler/collect-capacity.ts).
CREATE TABLE capacity_metrics (
  client_id VARCHAR(36) NOT NULL,
  metric_date DATE NOT NULL,
  region VARCHAR(32) NOT NULL,
  zone_id VARCHAR(32) NOT NULL,
  account_id VARCHAR(32) NOT NULL,
  instance_type VARCHAR(64) NOT NULL,
  spot_hours DECIMAL(14,6) NULL,
  -- USD, as EC2 estimates them.
  spot_cost DECIMAL(14,6) NULL,
  ondemand_cost DECIMAL(14,6) NULL,
  interruptions INT NULL,
  -- Percent of the Spot instances.
  interruption_rate DECIMAL(14,6) NULL,
  -- Hours.
  life_before_interruption DECIMAL(14,6) NULL,
  PRIMARY KEY (client_id, metric_date, region, zone_id, account_id, instance_type)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- When a tenant's account was asked for them, by region, and when it last answered.
CREATE TABLE capacity_reads (
  client_id VARCHAR(36) NOT NULL,
  region VARCHAR(32) NOT NULL,
  asked_at DATETIME(3) NOT NULL,
  read_at DATETIME(3) NULL,
  -- AWS's word for why it did not.
  error VARCHAR(100) NULL,
  PRIMARY KEY (client_id, region)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
