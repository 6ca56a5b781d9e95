-- +goose Up
ALTER TABLE check_in ADD COLUMN texts TEXT NOT NULL DEFAULT '[]'; -- JSON: texts and links on the tag
-- +goose Down
ALTER TABLE check_in DROP COLUMN texts;
