import type { Selectable } from 'kysely';
import { policyVersion } from '../core/decision/policy.ts';
import { liveModel } from '../core/model/listing.ts';
import { uploadedName } from '../core/model/live-model.ts';
import { type RiskModel, riskModelStatus } from '../core/risk/risk-model-status.ts';
import { type Job, jobs } from '../jobs.ts';
import type { Db } from '../shared/db.ts';
import type { JobRunTable } from '../shared/schema.ts';
import { iso } from '../shared/time.ts';

type Run = Selectable<JobRunTable>;

/** All jobs of jobs.ts and how the last run of each went (protocol X26). One statement. */
export async function listJobs(db: Db, now: Date) {
  const runs = new Map((await db.selectFrom('jobRuns').selectAll().execute()).map((run) => [run.job, run]));
  return Object.entries<Job>(jobs).map(([job, { every, summary }]) => {
    const run = runs.get(job);
    return {
      job,
      summary,
      schedule: every,
      status: statusOf(run, now),
      due_at: iso(run?.dueAt),
      started_at: iso(run?.startedAt),
      finished_at: iso(run?.finishedAt),
      rows_changed: run?.rowsChanged ?? null,
      error: run?.error ?? null,
      abandoned_runs: run?.abandonedRuns ?? 0,
      abandoned_at: iso(run?.abandonedAt),
    };
  });
}

/** A run is running while it holds its lease. If the lease has expired, it was killed before it recorded a result. */
function statusOf(run: Run | undefined, now: Date) {
  if (!run?.startedAt) return 'never run' as const;
  if (run.runningUntil !== null) return run.runningUntil > now ? ('running' as const) : ('abandoned' as const);
  return run.error === null ? ('succeeded' as const) : ('failed' as const);
}

/** The health of the control plane (protocol D11). Three statements. */
export async function systemHealth(db: Db, now: Date) {
  const [runs, model, risk] = await Promise.all([listJobs(db, now), liveModel(db), riskModelStatus(db)]);
  const { told, calibration = null } = risk;
  const riskModel = told
    ? { name: told.model, degraded: told.isDegraded, observedAt: told.observedAt.toISOString() }
    : null;
  const none = { filesUploaded: 0, files: [] };
  return {
    apiStatus: 'Healthy' as const,
    database: 'Connected' as const,
    decisionEngine: 'Loaded' as const,
    connectionPool: 'data-api',
    timestamp: now.toISOString(),
    decisionEngineStatus: { loaded: true, type: 'rules', version: policyVersion, ...none, riskModel, calibration },
    modelStatus: modelStatus(model, told),
    backgroundJobs: {
      total: runs.length,
      failing: runs.filter(({ status }) => status === 'failed' || status === 'abandoned').map(({ job }) => job),
    },
  };
}

function modelStatus(model: Awaited<ReturnType<typeof liveModel>>, told: RiskModel | undefined) {
  if (!model) return { loaded: false, name: 'none', version: 'none', filesUploaded: 0, files: [], activeModels: [] };
  const { id: version, files } = model;
  const activeModels = files.map((name) => ({ name, version, active: true }));
  const loaded = told?.model.startsWith(uploadedName(version)) ?? false;
  return { loaded, name: files[0]!, version, filesUploaded: files.length, files, activeModels };
}
