-- +goose Up
-- alarm_definition: what an alarm of a rule means and asks for; id is the rule's. A
-- version that was ever active does not change any more.
CREATE TABLE alarm_definition (
  id      TEXT NOT NULL,
  version BIGINT NOT NULL,
  status  TEXT NOT NULL, -- draft, active, retired
  shipped TEXT NOT NULL, -- hash of the shipped document it was made from, '' if a person wrote it
  doc     TEXT NOT NULL,
  by_name TEXT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX alarm_definition_active ON alarm_definition (id) WHERE status = 'active';
CREATE UNIQUE INDEX alarm_definition_draft ON alarm_definition (id) WHERE status = 'draft';
-- +goose Down
DROP TABLE alarm_definition;
