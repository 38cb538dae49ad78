-- Interruption signals are looked up by when we heard of them; when a machine saw one is its own clock's claim.

ALTER TABLE spot_interruption_events
  ADD KEY heard_of_pool (pool_id, created_at),
  DROP KEY of_pool;
