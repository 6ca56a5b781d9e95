-- +goose Up
-- org_unit: companies, communities, departments and posts, as a forest.
CREATE TABLE org_unit (
  id     TEXT PRIMARY KEY,
  parent TEXT NOT NULL, -- '' for a root
  kind   TEXT NOT NULL,
  name   TEXT NOT NULL, -- JSON {zh,en}
  pos    BIGINT NOT NULL,
  active INTEGER NOT NULL
);
CREATE INDEX org_unit_parent ON org_unit (parent, pos);
CREATE TABLE org_unit_person (
  unit   TEXT NOT NULL REFERENCES org_unit(id),
  person TEXT NOT NULL REFERENCES person(id),
  PRIMARY KEY (unit, person)
);
-- +goose Down
DROP TABLE org_unit_person;
DROP TABLE org_unit;
