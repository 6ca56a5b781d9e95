-- +goose Up
-- alarm_filter: searches a person keeps; query is the address after the question mark.
CREATE TABLE alarm_filter (
  person TEXT NOT NULL,
  id     TEXT NOT NULL,
  name   TEXT NOT NULL,
  query  TEXT NOT NULL,
  at     BIGINT NOT NULL,
  PRIMARY KEY (person, id)
);
-- +goose Down
DROP TABLE alarm_filter;
