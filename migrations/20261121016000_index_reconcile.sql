-- A reconcile run matches what is not linked by its key, and finds keys that stand twice on a side.
CREATE INDEX reconcile_rows_key_idx ON reconcile_rows (tenant_id, run_id, side, key);
-- The newest reconcile run of each sync: there are few among many runs of other phases.
CREATE INDEX runs_reconcile_idx ON runs (tenant_id, sync_id, created_at DESC) WHERE phase = 'reconcile';
CREATE INDEX reconcile_findings_sync_idx ON reconcile_findings (tenant_id, sync_id);
