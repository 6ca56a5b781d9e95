-- +goose Up
-- desk_setting: one row, whom the desk calls.
CREATE TABLE desk_setting (
  id  BIGINT PRIMARY KEY,
  doc TEXT NOT NULL
);
-- +goose Down
DROP TABLE desk_setting;
