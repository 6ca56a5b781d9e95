-- +goose Up
-- floor_image: every image ever uploaded, decoded and written anew; never changed.
CREATE TABLE floor_image (
  hash     TEXT NOT NULL, -- SHA-256 of data
  building TEXT NOT NULL,
  type     TEXT NOT NULL, -- image/png or image/jpeg
  width    BIGINT NOT NULL,
  height   BIGINT NOT NULL,
  data     BYTEA NOT NULL,
  PRIMARY KEY (building, hash)
);
-- floor_plan_version: what a floor's plan showed, and since when.
CREATE TABLE floor_plan_version (
  building TEXT NOT NULL,
  floor    BIGINT NOT NULL,
  n        BIGINT NOT NULL,
  hash     TEXT NOT NULL, -- '' for the plan without an image
  name     TEXT NOT NULL, -- of the uploaded file
  by_name  TEXT NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (building, floor, n)
);
-- floor_plan: the present state; version counts images and moves.
CREATE TABLE floor_plan (
  building   TEXT NOT NULL,
  floor      BIGINT NOT NULL,
  version    BIGINT NOT NULL,
  image      BIGINT NOT NULL, -- n of floor_plan_version, 0 for none
  positions  TEXT NOT NULL,   -- JSON [{edge,id,x,y}]
  changed_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (building, floor)
);
-- +goose Down
DROP TABLE floor_plan;
DROP TABLE floor_plan_version;
DROP TABLE floor_image;
