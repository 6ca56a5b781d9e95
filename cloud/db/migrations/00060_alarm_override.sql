-- +goose Up
-- alarm_override: what sets alarms of a point aside; doc is the whole, the columns are
-- what is asked for. rule '' means every rule of the point. Nothing is ever deleted.
CREATE TABLE alarm_override (
  id       TEXT PRIMARY KEY,
  kind     TEXT NOT NULL, -- shelved, suppressed, out_of_service
  status   TEXT NOT NULL, -- requested, active, ended
  edge     TEXT NOT NULL,
  point    TEXT NOT NULL,
  rule     TEXT NOT NULL,
  building TEXT NOT NULL,
  cause    TEXT NOT NULL, -- edge/point/rule of what suppresses, else ''
  from_at  BIGINT NOT NULL,
  until_at BIGINT NOT NULL, -- 0: no end known
  ended_at BIGINT NOT NULL, -- 0: not ended
  overdue  BIGINT NOT NULL, -- 1: its overdue alarm was raised
  doc      TEXT NOT NULL
);
CREATE INDEX alarm_override_open ON alarm_override (edge, point) WHERE ended_at = 0;
CREATE INDEX alarm_override_due ON alarm_override (until_at) WHERE ended_at = 0;
CREATE INDEX alarm_override_cause ON alarm_override (cause) WHERE ended_at = 0;
CREATE INDEX alarm_override_ended ON alarm_override (ended_at, id);
-- alarm_policy: every version of the shelving policy; the highest is in force.
CREATE TABLE alarm_policy (
  version BIGINT PRIMARY KEY,
  doc     TEXT NOT NULL,
  by_name TEXT NOT NULL,
  at      BIGINT NOT NULL
);
-- +goose Down
DROP TABLE alarm_policy;
DROP TABLE alarm_override;
