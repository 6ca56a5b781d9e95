-- +goose Up
ALTER TABLE person ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN employee_no TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
-- assignment: a person plays a role within a scope: all, community:<id> or building:<id>.
CREATE TABLE assignment (
  person TEXT NOT NULL REFERENCES person(id),
  role   TEXT NOT NULL,
  scope  TEXT NOT NULL,
  PRIMARY KEY (person, role, scope)
);
INSERT INTO assignment (person, role, scope) SELECT id, role, 'all' FROM person;
-- custom_role: named sets of permissions beside the built-in roles.
CREATE TABLE custom_role (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL, -- JSON {zh,en}
  permissions TEXT NOT NULL, -- JSON list
  created_at  BIGINT NOT NULL
);
-- +goose Down
DROP TABLE custom_role;
DROP TABLE assignment;
ALTER TABLE person DROP COLUMN active;
ALTER TABLE person DROP COLUMN employee_no;
ALTER TABLE person DROP COLUMN phone;
