-- +goose Up
-- The places as people keep them. doc is the whole row as JSON; what edges report is
-- kept inside it, beside what people wrote. The other columns are for lookups.
ALTER TABLE community ADD COLUMN doc TEXT NOT NULL DEFAULT '';
ALTER TABLE building ADD COLUMN doc TEXT NOT NULL DEFAULT '';
CREATE TABLE unit_entrance (
  building TEXT NOT NULL,
  id       TEXT NOT NULL, -- as said, "2" for 2单元
  doc      TEXT NOT NULL,
  PRIMARY KEY (building, id)
);
CREATE TABLE floor (
  building TEXT NOT NULL,
  number   BIGINT NOT NULL, -- as on the lift button, never 0
  doc      TEXT NOT NULL,
  PRIMARY KEY (building, number)
);
CREATE TABLE room (
  id       TEXT PRIMARY KEY,
  building TEXT NOT NULL,
  floor    BIGINT NOT NULL,
  doc      TEXT NOT NULL
);
CREATE INDEX room_floor ON room (building, floor);
-- device_site: what people say of a device; also devices that are planned and that no
-- edge has reported yet.
CREATE TABLE device_site (
  edge TEXT NOT NULL,
  id   TEXT NOT NULL,
  doc  TEXT NOT NULL,
  PRIMARY KEY (edge, id)
);
-- edge_site: the building people put an edge into.
CREATE TABLE edge_site (
  edge TEXT PRIMARY KEY,
  doc  TEXT NOT NULL
);
-- place_head: counts the changes; whoever changes places holds its row.
CREATE TABLE place_head (
  id  BIGINT PRIMARY KEY,
  rev BIGINT NOT NULL
);
INSERT INTO place_head (id, rev) VALUES (1, 0);
-- +goose Down
DROP TABLE place_head;
DROP TABLE edge_site;
DROP TABLE device_site;
DROP TABLE room;
DROP TABLE floor;
DROP TABLE unit_entrance;
ALTER TABLE building DROP COLUMN doc;
ALTER TABLE community DROP COLUMN doc;
