-- A run's name is its request's id and one of its own: the repetition of a run has the same request (docs/adr/0081).
ALTER TABLE job_runs MODIFY run_token VARCHAR(80) NULL;
