-- +goose Up
-- seat: one console (a tab of a browser) and who sits at it; instants in ms.
CREATE TABLE seat (
  id            TEXT PRIMARY KEY,
  kind          TEXT NOT NULL, -- desk, view, wall
  name          TEXT NOT NULL,
  person        TEXT NOT NULL,
  person_name   TEXT NOT NULL,
  browser       TEXT NOT NULL,
  registered_at BIGINT NOT NULL,
  heard_at      BIGINT NOT NULL,
  left_at       BIGINT NOT NULL -- 0: not left
);
-- alarm_painted: which seat showed which occurrence, and when.
CREATE TABLE alarm_painted (
  alarm  TEXT NOT NULL,
  count  BIGINT NOT NULL,
  seat   TEXT NOT NULL,
  person TEXT NOT NULL,
  kind   TEXT NOT NULL,
  at     BIGINT NOT NULL,
  PRIMARY KEY (alarm, count, seat)
);
-- alarm_unwatched: occurrences that nobody saw in time; told once.
CREATE TABLE alarm_unwatched (
  alarm TEXT NOT NULL,
  count BIGINT NOT NULL,
  why   TEXT NOT NULL,
  at    BIGINT NOT NULL,
  PRIMARY KEY (alarm, count)
);
-- alarm_claim: who handles an alarm.
CREATE TABLE alarm_claim (
  alarm       TEXT PRIMARY KEY,
  building    TEXT NOT NULL,
  seat        TEXT NOT NULL,
  person      TEXT NOT NULL,
  person_name TEXT NOT NULL,
  at          BIGINT NOT NULL
);
-- +goose Down
DROP TABLE alarm_claim;
DROP TABLE alarm_unwatched;
DROP TABLE alarm_painted;
DROP TABLE seat;
