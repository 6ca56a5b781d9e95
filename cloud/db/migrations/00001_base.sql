-- +goose Up
-- setting holds small values made once per installation: schema-independent secrets and ids.
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
-- +goose Down
DROP TABLE setting;
