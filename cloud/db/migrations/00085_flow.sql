-- +goose Up
-- flow_instance: one running or finished flow. state is the whole of it; the other columns,
-- and the tables below, are made of it in the same transaction.
CREATE TABLE flow_instance (
  id             TEXT PRIMARY KEY,
  flow           TEXT NOT NULL,
  version        BIGINT NOT NULL,
  form           TEXT NOT NULL,
  record         TEXT NOT NULL,
  title          TEXT NOT NULL, -- of the flow, JSON {zh, en}
  summary        TEXT NOT NULL, -- of the record
  initiator      TEXT NOT NULL,
  initiator_name TEXT NOT NULL,
  status         TEXT NOT NULL,
  round          BIGINT NOT NULL,
  at_nodes       TEXT NOT NULL, -- JSON list of node ids
  handlers       TEXT NOT NULL, -- JSON list of {id, name}
  started_at     BIGINT NOT NULL,
  ended_at       BIGINT NOT NULL, -- 0: open
  parent         TEXT NOT NULL,
  state          TEXT NOT NULL,
  log_seq        BIGINT NOT NULL,
  log_hash       TEXT NOT NULL
);
CREATE INDEX flow_instance_initiator ON flow_instance (initiator, started_at);
CREATE INDEX flow_instance_record ON flow_instance (form, record);
CREATE INDEX flow_instance_open ON flow_instance (flow, started_at) WHERE ended_at = 0;
-- flow_run: visits to nodes, for what takes how long.
CREATE TABLE flow_run (
  instance   TEXT NOT NULL,
  id         BIGINT NOT NULL,
  flow       TEXT NOT NULL,
  node       TEXT NOT NULL,
  round      BIGINT NOT NULL,
  state      TEXT NOT NULL,
  entered_at BIGINT NOT NULL,
  due_at     BIGINT NOT NULL,
  done_at    BIGINT NOT NULL,
  queue      TEXT NOT NULL, -- JSON list of person ids still to come
  PRIMARY KEY (instance, id)
);
CREATE INDEX flow_run_node ON flow_run (flow, node, done_at);
CREATE TABLE flow_task (
  instance      TEXT NOT NULL,
  id            BIGINT NOT NULL,
  node          TEXT NOT NULL,
  node_name     TEXT NOT NULL, -- JSON {zh, en}, as it was
  kind          TEXT NOT NULL,
  state         TEXT NOT NULL,
  assignee      TEXT NOT NULL,
  assignee_name TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  due_at        BIGINT NOT NULL,
  read_at       BIGINT NOT NULL,
  acted_at      BIGINT NOT NULL,
  PRIMARY KEY (instance, id)
);
CREATE INDEX flow_task_open ON flow_task (assignee, due_at) WHERE state IN ('open', 'waiting');
CREATE INDEX flow_task_done ON flow_task (assignee, acted_at) WHERE acted_at > 0;
CREATE INDEX flow_task_copy ON flow_task (assignee, created_at) WHERE kind = 'cc';
CREATE TABLE flow_timer (
  instance TEXT NOT NULL,
  key      TEXT NOT NULL,
  at       BIGINT NOT NULL,
  tries    BIGINT NOT NULL DEFAULT 0,
  error    TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (instance, key)
);
CREATE INDEX flow_timer_at ON flow_timer (at);
-- flow_log: what happened, append-only and hash-chained per instance.
CREATE TABLE flow_log (
  instance  TEXT NOT NULL,
  seq       BIGINT NOT NULL,
  step      BIGINT NOT NULL,
  kind      TEXT NOT NULL,
  actor     TEXT NOT NULL,
  at        BIGINT NOT NULL,
  fact      TEXT NOT NULL, -- JSON
  prev_hash TEXT NOT NULL,
  hash      TEXT NOT NULL,
  PRIMARY KEY (instance, seq)
);
-- +goose Down
DROP TABLE flow_log;
DROP TABLE flow_timer;
DROP TABLE flow_task;
DROP TABLE flow_run;
DROP TABLE flow_instance;
