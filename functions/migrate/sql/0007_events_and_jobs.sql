-- What happened, and which jobs ran. Rooms: functions/core/event, and functions/shared for job_runs.

-- Every event worth keeping. A row with `notify` is also a notification: one insert writes both or neither.
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
  -- An event that may be recorded only once has a key; NULLs do not collide.
  dedupe_key VARCHAR(191) NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_system_events_dedupe_key (dedupe_key),
  KEY ix_system_events_agent (agent_id, created_at),
  KEY ix_system_events_notifications (client_id, notify, created_at),
  KEY ix_system_events_created_at (created_at)
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
  KEY ix_audit_logs_client (client_id, created_at),
  KEY ix_audit_logs_created_at (created_at)
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
