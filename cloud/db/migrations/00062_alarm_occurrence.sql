-- +goose Up
-- alarm_occurrence: each time an alarm came, within its row's life.
CREATE TABLE alarm_occurrence (
  alarm       TEXT NOT NULL,
  n           BIGINT NOT NULL,
  edge        TEXT NOT NULL,
  point       TEXT NOT NULL,
  rule        TEXT NOT NULL,
  building    TEXT NOT NULL,
  hazard      TEXT NOT NULL,
  severity    BIGINT NOT NULL,
  raised_at   BIGINT NOT NULL, -- when it was sensed
  recv_at     BIGINT NOT NULL, -- when we learned of it
  acked_at    BIGINT NOT NULL, -- 0: not yet
  returned_at BIGINT NOT NULL, -- 0: not yet
  first_out   TEXT NOT NULL,   -- group: the alarm that came first
  announced   BIGINT NOT NULL, -- 0: it came while set aside
  PRIMARY KEY (alarm, n)
);
CREATE INDEX alarm_occurrence_recv ON alarm_occurrence (recv_at);
CREATE INDEX alarm_occurrence_group ON alarm_occurrence (building, hazard, recv_at);
CREATE INDEX alarm_occurrence_subject ON alarm_occurrence (edge, point, rule, recv_at);
-- +goose Down
DROP TABLE alarm_occurrence;
