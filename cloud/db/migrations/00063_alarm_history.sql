-- +goose Up
-- alarm_subject: what alarms are about, each distinct text once, so that a search reads
-- some ten thousand rows here and not millions of alarms.
CREATE TABLE alarm_subject (
  id       BIGINT PRIMARY KEY, -- hash of what follows
  edge     TEXT NOT NULL,
  point    TEXT NOT NULL,
  rule     TEXT NOT NULL,
  building TEXT NOT NULL,
  hazard   TEXT NOT NULL,
  search   TEXT NOT NULL
);
-- alarm_person: who ever acknowledged.
CREATE TABLE alarm_person (
  id     TEXT NOT NULL,
  name   TEXT NOT NULL,
  search TEXT NOT NULL,
  PRIMARY KEY (id, name)
);
ALTER TABLE alarm ADD COLUMN subject BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alarm ADD COLUMN acked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE alarm ADD COLUMN verdict TEXT NOT NULL DEFAULT '';
ALTER TABLE alarm ADD COLUMN drill BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alarm ADD COLUMN definition TEXT NOT NULL DEFAULT '';
ALTER TABLE alarm ADD COLUMN respond_by BIGINT NOT NULL DEFAULT 0;
DROP INDEX alarm_raised;
ALTER TABLE alarm DROP COLUMN search;
CREATE INDEX alarm_newest ON alarm (raised_at, id, closed_at, subject);
CREATE INDEX alarm_subject_newest ON alarm (subject, raised_at, id, closed_at);
CREATE INDEX alarm_severity ON alarm (severity, raised_at, id, closed_at);
CREATE INDEX alarm_acked_by ON alarm (acked_by, raised_at, id) WHERE acked_by <> '';
CREATE INDEX alarm_verdict ON alarm (verdict, raised_at, id) WHERE verdict <> '';
CREATE INDEX alarm_drill ON alarm (raised_at, id) WHERE drill = 1;
CREATE INDEX alarm_undefined ON alarm (raised_at, id) WHERE definition = '';
CREATE INDEX alarm_open_state ON alarm (state, building) WHERE closed_at = 0;
CREATE INDEX alarm_open_rank ON alarm (pos, (-severity), (-raised_at), id) WHERE closed_at = 0;
CREATE INDEX alarm_event_recv ON alarm_event (recv_at, seq);
-- +goose Down
DROP INDEX alarm_event_recv;
DROP INDEX alarm_open_rank;
DROP INDEX alarm_open_state;
DROP INDEX alarm_undefined;
DROP INDEX alarm_drill;
DROP INDEX alarm_verdict;
DROP INDEX alarm_acked_by;
DROP INDEX alarm_severity;
DROP INDEX alarm_subject_newest;
DROP INDEX alarm_newest;
ALTER TABLE alarm ADD COLUMN search TEXT NOT NULL DEFAULT '';
CREATE INDEX alarm_raised ON alarm (raised_at);
ALTER TABLE alarm DROP COLUMN respond_by;
ALTER TABLE alarm DROP COLUMN definition;
ALTER TABLE alarm DROP COLUMN drill;
ALTER TABLE alarm DROP COLUMN verdict;
ALTER TABLE alarm DROP COLUMN acked_by;
ALTER TABLE alarm DROP COLUMN subject;
DROP TABLE alarm_person;
DROP TABLE alarm_subject;
