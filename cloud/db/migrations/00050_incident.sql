-- +goose Up
-- incident is one running or closed plan; doc is its state, plan_doc the plan as it
-- was at launch.
CREATE TABLE incident (
  id            TEXT PRIMARY KEY,
  human_no      TEXT NOT NULL UNIQUE,
  plan          TEXT NOT NULL,
  building      TEXT NOT NULL,
  zone          TEXT NOT NULL,
  drill         INTEGER NOT NULL,
  state         TEXT NOT NULL,
  launched_at   BIGINT NOT NULL,
  version       BIGINT NOT NULL,
  plan_doc      TEXT NOT NULL,
  doc           TEXT NOT NULL,
  timeline_seq  BIGINT NOT NULL,
  timeline_hash TEXT NOT NULL
);
-- One open incident per plan and place: a second trigger attaches instead.
CREATE UNIQUE INDEX incident_open ON incident(plan, building, zone, drill) WHERE state = 'open';
CREATE INDEX incident_launched ON incident(launched_at);
-- incident_timeline is append-only and hash-chained within its incident.
CREATE TABLE incident_timeline (
  incident  TEXT NOT NULL,
  seq       BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  actor     TEXT NOT NULL,
  kind      TEXT NOT NULL,
  text_zh   TEXT NOT NULL,
  text_en   TEXT NOT NULL,
  data      TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash      TEXT NOT NULL,
  PRIMARY KEY (incident, seq)
);
-- incident_timer is every clock that runs, with the instant at which it fires.
CREATE TABLE incident_timer (
  incident TEXT NOT NULL,
  key      TEXT NOT NULL,
  due      BIGINT NOT NULL,
  PRIMARY KEY (incident, key)
);
CREATE INDEX incident_timer_due ON incident_timer(due);
-- incident_number gives the human numbers of a year without gaps.
CREATE TABLE incident_number (
  year BIGINT PRIMARY KEY,
  last BIGINT NOT NULL
);
-- incident_source is what launch rules know of the open alarms, kept in the alarm's
-- own transaction; incident_gate is the row on which launches of a building queue.
CREATE TABLE incident_source (
  alarm    TEXT PRIMARY KEY,
  building TEXT NOT NULL,
  doc      TEXT NOT NULL,
  open     INTEGER NOT NULL
);
CREATE INDEX incident_source_building ON incident_source(building, open);
CREATE TABLE incident_gate (
  building TEXT PRIMARY KEY,
  turn     BIGINT NOT NULL
);
-- incident_alarm ties alarms to incidents.
CREATE TABLE incident_alarm (
  incident TEXT NOT NULL,
  alarm    TEXT NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (incident, alarm)
);
CREATE INDEX incident_alarm_alarm ON incident_alarm(alarm);
-- +goose Down
DROP TABLE incident_alarm;
DROP TABLE incident_gate;
DROP TABLE incident_source;
DROP TABLE incident_number;
DROP TABLE incident_timer;
DROP TABLE incident_timeline;
DROP TABLE incident;
