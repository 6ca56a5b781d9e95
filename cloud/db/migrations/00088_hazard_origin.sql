-- +goose Up
-- hazard_origin: hazards that came from devices: by a rule, or by a person's click on an
-- alarm. While one is open there is no second about the same subject.
CREATE TABLE hazard_origin (
  rule      TEXT NOT NULL, -- id of the rule, 'person' for a click
  subject   TEXT NOT NULL, -- what it is about: point:…, group:…, device:…, alarm:…
  episode   BIGINT NOT NULL,
  form      TEXT NOT NULL,
  record    TEXT NOT NULL,
  instance  TEXT NOT NULL, -- '' if the form starts no flow
  opened_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL, -- 0: still open
  PRIMARY KEY (rule, subject, episode)
);
CREATE UNIQUE INDEX hazard_origin_open ON hazard_origin (rule, subject) WHERE closed_at = 0;
CREATE INDEX hazard_origin_record ON hazard_origin (form, record);
-- hazard_alarm: the alarms a hazard came from.
CREATE TABLE hazard_alarm (
  alarm   TEXT NOT NULL,
  form    TEXT NOT NULL,
  record  TEXT NOT NULL,
  kind    TEXT NOT NULL, -- evidence: a rule's; opened: a person's click
  by_id   TEXT NOT NULL,
  by_name TEXT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (alarm, form, record)
);
CREATE INDEX hazard_alarm_record ON hazard_alarm (form, record);
-- hazard_origin_head: whoever opens a hazard from a device holds its row.
CREATE TABLE hazard_origin_head (
  id  BIGINT PRIMARY KEY,
  rev BIGINT NOT NULL
);
INSERT INTO hazard_origin_head (id, rev) VALUES (1, 0);
-- proof_test: when a device was proven to work; first_seen rows say since when it is known.
CREATE TABLE proof_test (
  edge    TEXT NOT NULL,
  device  TEXT NOT NULL,
  at      BIGINT NOT NULL,
  kind    TEXT NOT NULL, -- first_seen, recorded
  by_id   TEXT NOT NULL,
  by_name TEXT NOT NULL,
  note    TEXT NOT NULL,
  PRIMARY KEY (edge, device, kind, at)
);
CREATE UNIQUE INDEX proof_test_first ON proof_test (edge, device) WHERE kind = 'first_seen';
-- +goose Down
DROP TABLE proof_test;
DROP TABLE hazard_origin_head;
DROP TABLE hazard_alarm;
DROP TABLE hazard_origin;
