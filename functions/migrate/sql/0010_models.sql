-- What operators upload for the decision engine. Room: functions/core/model.

-- The files of one upload. One session is live, whose model is used; one may be the fallback, which was live before it.
CREATE TABLE model_sessions (
  id VARCHAR(36) NOT NULL,
  kind VARCHAR(8) NOT NULL,
  status VARCHAR(8) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  created_by VARCHAR(128) NOT NULL,
  activated_at DATETIME(3) NULL,
  -- Of the model that was tried, by which whoever loads it knows it again.
  sha256 CHAR(64) NULL,
  -- The unique keys below hold "at most one", as NULLs do not collide.
  live_key TINYINT GENERATED ALWAYS AS (IF(status = 'live', 1, NULL)) STORED,
  fallback_key TINYINT GENERATED ALWAYS AS (IF(status = 'fallback', 1, NULL)) STORED,
  PRIMARY KEY (id),
  UNIQUE KEY uq_model_sessions_live (live_key),
  UNIQUE KEY uq_model_sessions_fallback (fallback_key),
  KEY ix_model_sessions_created (created_at, id),
  CONSTRAINT ck_model_sessions_kind CHECK (kind IN ('model', 'engine')),
  CONSTRAINT ck_model_sessions_status CHECK (status IN ('pending', 'live', 'fallback', 'archived'))
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE model_files (
  session_id VARCHAR(36) NOT NULL,
  -- The file's place in the upload: files in S3 are named by it, and not by what an operator's machine calls them.
  position SMALLINT NOT NULL,
  name VARCHAR(255) NOT NULL,
  bytes INT NOT NULL,
  PRIMARY KEY (session_id, position)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
