-- Back-tests of settings on recorded history. Room: functions/core/backtest.

-- What somebody asked for, how far it is, and what came of it. The newest of each tenant are kept.
CREATE TABLE what_if_runs (
  id VARCHAR(36) NOT NULL,
  client_id VARCHAR(36) NOT NULL,
  state VARCHAR(8) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  created_by VARCHAR(128) NOT NULL,
  -- Whole periods of observation; the end is not in it.
  period_from DATETIME(3) NOT NULL,
  period_to DATETIME(3) NOT NULL,
  -- Agents and settings, as they were asked for.
  asked JSON NOT NULL,
  -- A play for agents that are alike, with its result once it is played: they are played in their order.
  plays JSON NOT NULL,
  play_count SMALLINT NOT NULL,
  plays_done SMALLINT NOT NULL DEFAULT 0,
  agents INT NOT NULL,
  agents_left_out INT NOT NULL,
  -- Since something was last played: what is never done is given up.
  attempts SMALLINT NOT NULL DEFAULT 0,
  finished_at DATETIME(3) NULL,
  failure VARCHAR(500) NULL,
  PRIMARY KEY (id),
  KEY ix_what_if_runs_client (client_id, created_at, id),
  KEY ix_what_if_runs_created (created_at, id),
  KEY ix_what_if_runs_state (state, created_at),
  CONSTRAINT ck_what_if_runs_state CHECK (state IN ('queued', 'running', 'done', 'failed')),
  CONSTRAINT ck_what_if_runs_plays CHECK (plays_done <= play_count)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
