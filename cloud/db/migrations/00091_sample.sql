-- +goose Up
-- sample: one row, how the demo community stands. Who works on it holds the row.
CREATE TABLE sample (
  id    BIGINT PRIMARY KEY,
  state TEXT NOT NULL, -- absent, filling, there, wiping
  doc   TEXT NOT NULL  -- JSON: what was asked for, how far it is
);
INSERT INTO sample (id, state, doc) VALUES (1, 'absent', '{}');
-- sample_part: what was made for the demo community and bears no community of its own.
CREATE TABLE sample_part (
  kind TEXT NOT NULL, -- person, unit, room, picture, part
  name TEXT NOT NULL, -- in the plan
  id   TEXT NOT NULL,
  PRIMARY KEY (kind, name)
);
-- +goose Down
DROP TABLE sample_part;
DROP TABLE sample;
