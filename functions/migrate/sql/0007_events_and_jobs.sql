-- What happened, who is told, and which jobs ran. Rooms: functions/core/event, functions/core/webhook, and functions/shared for
-- job_runs.

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
  -- An event that may be recorded only once has a key; NULLs do not collide.
  dedupe_key VARCHAR(191) NULL,
  -- How often it happened, where what happens again is counted.
  times INT NOT NULL DEFAULT 1,
  -- TRUE of a notification until it is in the queues of the webhooks; NULL ever after, and of what is no notification.
  unqueued BOOLEAN NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY ix_system_events_unqueued (unqueued, created_at),
  UNIQUE KEY uq_system_events_dedupe_key (dedupe_key),
  KEY ix_system_events_agent (agent_id, created_at),
  KEY ix_system_events_client (client_id, created_at),
  KEY ix_system_events_instance (instance_id, created_at),
  KEY ix_system_events_notifications (client_id, notify, created_at),
  KEY ix_system_events_notify (notify, created_at),
  KEY ix_system_events_created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Until when a reader has read all notifications, and which later ones it has read. A reader is a tenant, whatever its tokens,
-- or an operator: what one has read is news to all others, as many read the notifications that are for everybody.
CREATE TABLE notification_marks (
  reader VARCHAR(128) NOT NULL,
  -- A tenant whose notifications these are, or `all`.
  about VARCHAR(36) NOT NULL,
  read_until DATETIME(3) NOT NULL,
  -- The tenant that the reader is; empty for an operator.
  client_id VARCHAR(36) NOT NULL,
  PRIMARY KEY (reader, about),
  KEY ix_notification_marks_client (client_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE notification_reads (
  reader VARCHAR(128) NOT NULL,
  event_id VARCHAR(36) NOT NULL,
  read_at DATETIME(3) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  PRIMARY KEY (reader, event_id),
  KEY ix_notification_reads_client (client_id),
  KEY ix_notification_reads_read_at (read_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Where a tenant's notifications are sent, and how that goes (docs/adr/0048).
CREATE TABLE webhooks (
  client_id VARCHAR(36) NOT NULL,
  -- The URL, which may be a secret itself, and the secrets that sign: encrypted JSON (functions/core/webhook/vault.ts).
  sealed VARCHAR(6000) NOT NULL,
  -- Of the URL, for people; NULL where there is only a topic.
  host VARCHAR(261) NULL,
  topic_arn VARCHAR(350) NULL,
  -- `json` or `slack`.
  style VARCHAR(8) NOT NULL,
  min_severity VARCHAR(16) NOT NULL,
  digest_minutes INT NOT NULL,
  -- When the next message is due: it waits to be gathered or tried again. NULL when nothing waits.
  due_at DATETIME(3) NULL,
  -- Failures in a row.
  failures INT NOT NULL DEFAULT 0,
  last_success_at DATETIME(3) NULL,
  last_failure_at DATETIME(3) NULL,
  last_error VARCHAR(500) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (client_id),
  KEY ix_webhooks_due (due_at, client_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- When a tenant last had its webhook tested. It stays when the webhook is deleted, so that a new one has no test more.
CREATE TABLE webhook_tests (
  client_id VARCHAR(36) NOT NULL,
  -- NULL for never.
  tested_at DATETIME(3) NULL,
  PRIMARY KEY (client_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A digest that is being sent, or that was given up. It keeps its id in repeats.
CREATE TABLE webhook_messages (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  -- `open` or `dead`.
  state VARCHAR(8) NOT NULL,
  attempts INT NOT NULL DEFAULT 0,
  -- What has arrived already, where there are a URL and a topic.
  is_posted BOOLEAN NOT NULL DEFAULT FALSE,
  is_published BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(3) NOT NULL,
  dead_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  KEY ix_webhook_messages_client (client_id, state, created_at),
  KEY ix_webhook_messages_dead_at (dead_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A notification that waits for a tenant's webhook, and the message that it is in; NULL before there is one.
CREATE TABLE webhook_items (
  client_id VARCHAR(36) NOT NULL,
  event_id VARCHAR(36) NOT NULL,
  message_id VARCHAR(36) NULL,
  PRIMARY KEY (client_id, event_id),
  KEY ix_webhook_items_message (client_id, message_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who did what to whom: each act of an operator, each change of settings or tokens, each look at a token.
CREATE TABLE audit_logs (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NULL,
  -- `admin` for the bootstrap credential, `operator:<name>`, or `token:<name>` of the tenant.
  actor VARCHAR(128) NOT NULL,
  action VARCHAR(64) NOT NULL,
  -- What it was done to, where that is not the tenant: the id of a token, an operator, an agent.
  target_id VARCHAR(64) NULL,
  source_ip VARCHAR(45) NULL,
  -- What was changed, as it was and as it became; never a token.
  before_state JSON NULL,
  after_state JSON NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY ix_audit_logs_client (client_id, created_at),
  KEY ix_audit_logs_actor (actor, created_at),
  KEY ix_audit_logs_action (action, created_at),
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
  -- Runs that were killed before they could say how they went, and when the last of them was found out.
  abandoned_runs INT NOT NULL DEFAULT 0,
  abandoned_at DATETIME(3) NULL,
  PRIMARY KEY (job)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Requests of a minute, of those who send many (functions/shared/rate-limit.ts).
CREATE TABLE rate_counts (
  -- SHA-256 of the limit, the token and what the limit is for each of.
  id CHAR(64) NOT NULL,
  counted_minute DATETIME(3) NOT NULL,
  requests INT NOT NULL,
  PRIMARY KEY (id),
  KEY ix_rate_counts_minute (counted_minute)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
