-- Whether EC2 itself says that the machines which have to go are gone (docs/adr/0011).

-- The role by which we look into the tenant's account. The external id is always of our making: a tenant that could choose
-- it could name another tenant's role, and have us look in there.
ALTER TABLE clients ADD COLUMN aws_role_arn VARCHAR(640) NULL;
ALTER TABLE clients ADD COLUMN aws_external_id VARCHAR(36) NULL;
CREATE UNIQUE INDEX one_tenant_an_external_id ON clients (aws_external_id);

-- What EC2 said last: a state of its own, or not-found.
ALTER TABLE instances ADD COLUMN ec2_state VARCHAR(16) NULL;
ALTER TABLE instances ADD COLUMN ec2_checked_at DATETIME(3) NULL;
ALTER TABLE instances ADD COLUMN ec2_next_check_at DATETIME(3) NULL;
ALTER TABLE instances ADD COLUMN ec2_checks INT NOT NULL DEFAULT 0;
CREATE INDEX unconfirmed ON instances (termination_confirmed, instance_status, ec2_next_check_at);

-- When EC2 was asked for the machine of a launch that was never heard of again: once.
ALTER TABLE replica_instances ADD COLUMN ec2_checked_at DATETIME(3) NULL;
CREATE INDEX claimed ON replica_instances (launch_claimed_at);

-- How the looks into a tenant's account go, by region; region `role` is taking on the role, which comes before any of them.
CREATE TABLE aws_lookups (
  client_id VARCHAR(36) NOT NULL,
  region VARCHAR(32) NOT NULL,
  -- When it was answered last.
  checked_at DATETIME(3) NULL,
  -- In a row; the next try waits for next_at.
  failures INT NOT NULL DEFAULT 0,
  failing_since DATETIME(3) NULL,
  next_at DATETIME(3) NULL,
  error VARCHAR(500) NULL,
  -- When the tenant was told that it fails; it is then told that it works again.
  told_at DATETIME(3) NULL,
  PRIMARY KEY (client_id, region)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
