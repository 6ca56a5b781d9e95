-- +goose Up
-- alarm: doc is the whole alarm; the other columns are what lists filter and sort by.
CREATE TABLE alarm (
  id        TEXT PRIMARY KEY,
  edge      TEXT NOT NULL,
  point     TEXT NOT NULL,
  rule      TEXT NOT NULL,
  building  TEXT NOT NULL,
  hazard    TEXT NOT NULL,
  severity  BIGINT NOT NULL,
  state     TEXT NOT NULL,
  pos       BIGINT NOT NULL, -- 0: unacknowledged ones first
  raised_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL, -- 0: open
  version   BIGINT NOT NULL,
  search    TEXT NOT NULL,
  doc       TEXT NOT NULL
);
CREATE UNIQUE INDEX alarm_open ON alarm (edge, point, rule) WHERE closed_at = 0;
CREATE INDEX alarm_raised ON alarm (raised_at);
-- alarm_event: append-only, each line hashed over the line before.
CREATE TABLE alarm_event (
  seq       BIGINT PRIMARY KEY,
  alarm     TEXT NOT NULL,
  kind      TEXT NOT NULL,
  at        BIGINT NOT NULL,
  recv_at   BIGINT NOT NULL,
  actor     TEXT NOT NULL,
  text      TEXT NOT NULL,
  data      TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash      TEXT NOT NULL
);
CREATE INDEX alarm_event_alarm ON alarm_event (alarm, seq);
-- alarm_chain: one row, the end of the log; updating it first puts writers in a queue.
CREATE TABLE alarm_chain (
  id   BIGINT PRIMARY KEY,
  seq  BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO alarm_chain (id, seq, hash) VALUES (1, 0, '');
-- alarm_condition: the newest condition of every (edge, point, rule), unknown included.
CREATE TABLE alarm_condition (
  edge TEXT NOT NULL, point TEXT NOT NULL, rule TEXT NOT NULL,
  state TEXT NOT NULL, latched BIGINT NOT NULL, decided_at BIGINT NOT NULL, doc TEXT NOT NULL,
  PRIMARY KEY (edge, point, rule)
);
CREATE TABLE alarm_action (
  edge    TEXT NOT NULL,
  id      TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  alarm   TEXT NOT NULL, -- '' when it matched no open alarm
  at      BIGINT NOT NULL,
  recv_at BIGINT NOT NULL,
  doc     TEXT NOT NULL,
  PRIMARY KEY (edge, id, attempt, outcome)
);
CREATE INDEX alarm_action_alarm ON alarm_action (alarm, at);
-- +goose Down
DROP TABLE alarm_action;
DROP TABLE alarm_condition;
DROP TABLE alarm_chain;
DROP TABLE alarm_event;
DROP TABLE alarm;
