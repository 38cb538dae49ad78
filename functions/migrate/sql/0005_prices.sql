-- What capacity costs. Room: functions/core/pool. Time series are keyed by pool and bucket, so they grow with the number of
-- pools and not of agents; old rows are deleted in chunks, by the key on their time.

-- A zone's name begins with its region's (functions/core/pool/region.ts).
CREATE TABLE spot_pools (
  id VARCHAR(128) NOT NULL,
  instance_type VARCHAR(64) NOT NULL,
  region VARCHAR(32) NOT NULL,
  az VARCHAR(48) NOT NULL,
  pool_name VARCHAR(160) NOT NULL,
  -- Whether EC2 offers the type in the zone, as far as it has been asked: nothing is launched in a pool that is not active.
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  -- The newest price that every tenant may rely on, and when it was seen (functions/core/pool/usable-price.ts).
  latest_price DECIMAL(12,6) NULL,
  latest_at DATETIME(3) NULL,
  -- EC2's own guess, 1 to 10, of whether Spot instances come up there, and when it was asked.
  placement_score SMALLINT NULL,
  placement_scored_at DATETIME(3) NULL,
  version BIGINT NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_spot_pools_place (instance_type, region, az),
  CONSTRAINT ck_spot_pools_region CHECK (LEFT(az, CHAR_LENGTH(region)) = region)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What the agents of one tenant saw last of a pool. It counts for that tenant, and for others once another tenant agrees.
CREATE TABLE tenant_pool_prices (
  pool_id VARCHAR(128) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  price DECIMAL(12,6) NOT NULL,
  seen_at DATETIME(3) NOT NULL,
  PRIMARY KEY (pool_id, client_id),
  KEY ix_tenant_pool_prices_client (client_id),
  KEY ix_tenant_pool_prices_seen_at (seen_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How far AWS's own data have been collected, by what is collected and region (functions/reconciler/each-region.ts).
CREATE TABLE market_collections (
  source VARCHAR(24) NOT NULL,
  region VARCHAR(32) NOT NULL,
  collected_until DATETIME(3) NULL,
  -- Failures in a row; the next try waits for next_at.
  failures INT NOT NULL DEFAULT 0,
  next_at DATETIME(3) NULL,
  error VARCHAR(500) NULL,
  -- Of what is one file for all regions, with an empty region.
  etag VARCHAR(200) NULL,
  PRIMARY KEY (source, region)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- When AWS was last asked about a type in a region; each is asked once a day (functions/reconciler/collect-market.ts).
CREATE TABLE market_places (
  instance_type VARCHAR(64) NOT NULL,
  region VARCHAR(32) NOT NULL,
  -- In which zones it is offered: what is not offered is no active pool.
  offered_at DATETIME(3) NULL,
  -- What it costs on-demand, by the price list.
  ondemand_at DATETIME(3) NULL,
  -- How EC2 scores its pools (spot_pools.placement_score).
  scored_at DATETIME(3) NULL,
  -- How often EC2 takes such instances back, as Spot Advisor has it (functions/core/pool/interruption-bands.ts).
  band_at DATETIME(3) NULL,
  interruption_band SMALLINT NULL,
  PRIMARY KEY (instance_type, region)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- As the agents of a tenant report it: nobody checks what they say, so it counts for that tenant. Of the empty client_id: as the
-- price list has it, which counts for every tenant and goes before (functions/core/pool/on-demand.ts).
CREATE TABLE ondemand_prices (
  client_id VARCHAR(36) NOT NULL,
  instance_type VARCHAR(64) NOT NULL,
  region VARCHAR(32) NOT NULL,
  price DECIMAL(12,6) NOT NULL,
  recorded_at DATETIME(3) NOT NULL,
  PRIMARY KEY (client_id, instance_type, region)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Written when the price changes, not when it is reported.
CREATE TABLE ondemand_price_snapshots (
  client_id VARCHAR(36) NOT NULL,
  instance_type VARCHAR(64) NOT NULL,
  region VARCHAR(32) NOT NULL,
  captured_at DATETIME(3) NOT NULL,
  price DECIMAL(12,6) NOT NULL,
  PRIMARY KEY (client_id, instance_type, region, captured_at),
  KEY ix_ondemand_price_snapshots_captured_at (captured_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per pool and five-minute bucket (protocol 9.3).
CREATE TABLE pricing_snapshots_clean (
  pool_id VARCHAR(128) NOT NULL,
  time_bucket DATETIME(3) NOT NULL,
  spot_price DECIMAL(12,6) NOT NULL,
  ondemand_price DECIMAL(12,6) NULL,
  savings_percent DECIMAL(7,2) NULL,
  source_type VARCHAR(32) NOT NULL,
  -- 5 market (EC2's own price history), 4 primary, 3 replica-automatic, 2 replica-manual, 1 interpolated: a higher one replaces a lower one.
  source_priority TINYINT NOT NULL,
  confidence_score DECIMAL(3,2) NOT NULL,
  data_source VARCHAR(64) NULL,
  interpolation_method VARCHAR(16) NULL,
  observed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (pool_id, time_bucket),
  -- With the method, days are looked through for gaps without a look at their rows.
  KEY ix_pricing_snapshots_clean_time_bucket (time_bucket, interpolation_method)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Seen prices with the features that models are trained on (protocol 9.3). It is read as a whole, by an export: no function asks it.
CREATE SQL SECURITY INVOKER VIEW ml_price_features AS
SELECT s.pool_id, p.instance_type, p.region, p.az, s.time_bucket, s.spot_price, s.ondemand_price, s.confidence_score,
  HOUR(s.time_bucket) AS hour_of_day, WEEKDAY(s.time_bucket) AS day_of_week, DAYOFMONTH(s.time_bucket) AS day_of_month,
  MONTH(s.time_bucket) AS month_of_year, YEAR(s.time_bucket) AS calendar_year,
  (s.spot_price - h.spot_price) / h.spot_price AS change_1h,
  (s.spot_price - d.spot_price) / d.spot_price AS change_24h,
  STDDEV_POP(s.spot_price) OVER (PARTITION BY s.pool_id ORDER BY s.time_bucket ROWS BETWEEN 71 PRECEDING AND CURRENT ROW) AS deviation_6h,
  RANK() OVER (PARTITION BY p.instance_type, p.region, s.time_bucket ORDER BY s.spot_price) AS price_rank
FROM pricing_snapshots_clean AS s
INNER JOIN spot_pools AS p ON p.id = s.pool_id
LEFT JOIN pricing_snapshots_clean AS h ON h.pool_id = s.pool_id AND h.time_bucket = s.time_bucket - INTERVAL 1 HOUR
  AND h.confidence_score >= 0.95
LEFT JOIN pricing_snapshots_clean AS d ON d.pool_id = s.pool_id AND d.time_bucket = s.time_bucket - INTERVAL 1 DAY
  AND d.confidence_score >= 0.95
WHERE s.confidence_score >= 0.95;
