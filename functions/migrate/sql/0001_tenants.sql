-- Tenants, tokens and operators, and how look-ups in tenants' AWS accounts go. Room: functions/core/tenant.
--
-- Conventions of all files here: times are DATETIME(3) in UTC; money is DECIMAL, in USD; ids are compared byte by byte
-- (utf8mb4_bin); a statement ends with a semicolon at the end of a line; only what MySQL 8.0 and MariaDB 10.11 share.
-- Unique keys are named uq_<table>_<what>, other keys ix_<table>_<what>, checks ck_<table>_<what>.
-- There are no foreign keys (docs/adr/0004): every table with a tenant's rows has client_id, and every statement names it.

CREATE TABLE clients (
  id VARCHAR(36) NOT NULL,
  name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  email VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  -- Since when it is being deleted: it is inactive, nameless and in no list, and a job deletes its rows (docs/adr/0041).
  deleted_at DATETIME(3) NULL,
  total_savings DECIMAL(20,6) NOT NULL DEFAULT 0,
  default_auto_switch_enabled BOOLEAN NOT NULL DEFAULT TRUE,
  default_auto_terminate BOOLEAN NOT NULL DEFAULT TRUE,
  default_terminate_wait_seconds INT NOT NULL DEFAULT 300,
  -- The tenant's own AWS account: events of EC2 count only when they come from it.
  aws_account_id CHAR(12) NULL,
  -- The role that lets us look into that account. We always choose the external id: a tenant that could choose it could
  -- name another tenant's role, and have us look in there.
  aws_role_arn VARCHAR(640) NULL,
  aws_external_id VARCHAR(36) NULL,
  -- Until when none of the tenant's agents is told of a launch (functions/core/command/tenant-launch-cap.ts).
  launches_held_until DATETIME(3) NULL,
  -- What the tenant's plan allows (docs/adr/0056).
  max_agents INT NOT NULL DEFAULT 1000,
  max_instances INT NOT NULL DEFAULT 3000,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_clients_name (name),
  UNIQUE KEY uq_clients_email (email),
  UNIQUE KEY uq_clients_external_id (aws_external_id),
  KEY ix_clients_deleted_at (deleted_at),
  KEY ix_clients_created_at (created_at),
  -- The operators' export, and what is searched for, begin with the largest.
  KEY ix_clients_savings (is_active, total_savings)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What lets a tenant's agents and consoles in. Token `main`, made with the tenant, is for everything.
CREATE TABLE client_tokens (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  -- `agent`, `read`, `manage`, or `all` of token `main`.
  scope VARCHAR(16) NOT NULL,
  token_hash CHAR(64) NOT NULL,
  -- Only of token `main`, which an admin may be shown again.
  token_ciphertext VARCHAR(1024) NULL,
  expires_at DATETIME(3) NULL,
  -- A day is enough to tell a token that nobody uses, and costs one write a day.
  last_used_on DATE NULL,
  revoked_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  created_by VARCHAR(128) NOT NULL,
  -- Its unique key allows one token of a name that is not revoked.
  live_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci GENERATED ALWAYS AS (IF(revoked_at IS NULL, name, NULL)) STORED,
  PRIMARY KEY (id),
  UNIQUE KEY uq_client_tokens_hash (token_hash),
  UNIQUE KEY uq_client_tokens_live_name (client_id, live_name),
  KEY ix_client_tokens_client (client_id, created_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- People who run the control plane, beside the bootstrap credential, which is in no table.
CREATE TABLE operators (
  id VARCHAR(36) NOT NULL,
  name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  -- `viewer` or `admin`.
  role VARCHAR(16) NOT NULL,
  token_hash CHAR(64) NOT NULL,
  last_used_on DATE NULL,
  revoked_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  created_by VARCHAR(128) NOT NULL,
  live_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci GENERATED ALWAYS AS (IF(revoked_at IS NULL, name, NULL)) STORED,
  PRIMARY KEY (id),
  UNIQUE KEY uq_operators_token_hash (token_hash),
  UNIQUE KEY uq_operators_live_name (live_name),
  KEY ix_operators_created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How look-ups in a tenant's account go, by region. Region `role` is the assumption of the role itself.
CREATE TABLE aws_lookups (
  client_id VARCHAR(36) NOT NULL,
  region VARCHAR(32) NOT NULL,
  -- When AWS last answered.
  checked_at DATETIME(3) NULL,
  -- Failures in a row; the next try waits for next_at.
  failures INT NOT NULL DEFAULT 0,
  failing_since DATETIME(3) NULL,
  next_at DATETIME(3) NULL,
  error VARCHAR(500) NULL,
  -- When the tenant was last notified of the failure. It is notified once more when the look-up works again.
  notified_at DATETIME(3) NULL,
  PRIMARY KEY (client_id, region)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
