-- Tenants, and how look-ups in their AWS accounts go. Room: functions/core/tenant.
--
-- Conventions of all files here: times are DATETIME(3) in UTC; money is DECIMAL, in USD; ids are compared byte by byte
-- (utf8mb4_bin); a statement ends with a semicolon at the end of a line; only what MySQL 8.0 and MariaDB 10.11 share.
-- Unique keys are named uq_<table>_<what>, other keys ix_<table>_<what>, checks ck_<table>_<what>.
-- There are no foreign keys (docs/adr/0004): every table with a tenant's rows has client_id, and every statement names it.

CREATE TABLE clients (
  id VARCHAR(36) NOT NULL,
  name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  email VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  token_hash CHAR(64) NOT NULL,
  token_ciphertext VARCHAR(1024) NOT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
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
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_clients_name (name),
  UNIQUE KEY uq_clients_email (email),
  UNIQUE KEY uq_clients_token (token_hash),
  UNIQUE KEY uq_clients_external_id (aws_external_id)
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
