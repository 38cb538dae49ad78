-- The chances that pools are lost, and how earlier ones came true. Room: functions/core/risk.

CREATE TABLE pool_risks (
  pool_id VARCHAR(128) NOT NULL,
  -- The start of the ten minutes in which it was rated last.
  rated_at DATETIME(3) NOT NULL,
  -- Of a loss within half an hour, an hour and six hours, recalibrated; NULL unless the pool was up.
  chances JSON NULL,
  -- Its outcomes so far, and predictions whose outcome is not known yet (functions/core/risk/pool-risk.ts).
  state JSON NOT NULL,
  -- Whose predictions these are.
  model VARCHAR(64) CHARACTER SET ascii NOT NULL,
  PRIMARY KEY (pool_id),
  KEY ix_pool_risks_rated_at (rated_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The outcomes of all pools, by predicted chance (functions/core/risk/recalibration.ts).
CREATE TABLE risk_calibration (
  id TINYINT NOT NULL,
  model VARCHAR(64) CHARACTER SET ascii NOT NULL,
  -- For each time, ten tallies.
  bins JSON NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_risk_calibration_one CHECK (id = 1)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
