-- The availability target that a tenant's new agents get; NULL for none. Room: functions/core/tenant.
-- Tenants from before keep what their agents have had: none (docs/adr/0092).

ALTER TABLE clients ADD COLUMN default_availability_target DECIMAL(6,5) NULL;
ALTER TABLE clients ALTER COLUMN default_availability_target SET DEFAULT 0.99900;
