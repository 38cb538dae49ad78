-- What consoles need beside what agents do. Rooms: functions/core/export, functions/core/pool.

-- What the links to files are signed with that a token asked for (docs/adr/0036).
CREATE TABLE export_keys (
  -- Of a tenant's token, or of an operator; `admin` for the bootstrap credential.
  token_id VARCHAR(36) NOT NULL,
  -- Whose token it is; NULL for an operator.
  client_id VARCHAR(36) NULL,
  -- 32 random bytes, hex.
  secret CHAR(64) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (token_id),
  KEY ix_export_keys_client (client_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Prices that a tenant wants to know of. Whether one is met is seen when the alerts are read.
CREATE TABLE pricing_alerts (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  pool_id VARCHAR(128) NOT NULL,
  direction VARCHAR(8) NOT NULL,
  -- USD per instance-hour.
  threshold DECIMAL(12,6) NOT NULL,
  -- Since when it is met, as far as the tenant was notified of it; NULL while it is not met.
  met_since DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY ix_pricing_alerts_client (client_id, created_at),
  CONSTRAINT ck_pricing_alerts_direction CHECK (direction IN ('below', 'above'))
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
