-- +goose Up
-- plan holds every published version for ever; (id, version) never changes its content.
CREATE TABLE plan (
  id           TEXT NOT NULL,
  version      BIGINT NOT NULL,
  hash         TEXT NOT NULL,
  doc          TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  PRIMARY KEY (id, version)
);
-- plan_current says which version new incidents use.
CREATE TABLE plan_current (
  id      TEXT PRIMARY KEY,
  version BIGINT NOT NULL
);
-- +goose Down
DROP TABLE plan_current;
DROP TABLE plan;
