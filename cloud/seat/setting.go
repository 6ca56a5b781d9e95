package seat

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"anlan/cloud/org"
	"anlan/contract"
)

// Contact is somebody the desk calls by telephone.
type Contact struct {
	Name     contract.Text `json:"name"`
	Phone    string        `json:"phone" maxLength:"30"`
	Building string        `json:"building" maxLength:"48" doc:"empty: every building"`
}

// Setting is what a desk must know even when the server is out of reach.
type Setting struct {
	DataCentrePhone string    `json:"data_centre_phone" maxLength:"30"`
	Contacts        []Contact `json:"contacts" maxItems:"100"`
}

// InvalidError names the field of a setting that can not be.
type InvalidError struct {
	Field string // "contacts[0].phone"
	Text  contract.Text
}

func (e *InvalidError) Error() string { return "seat: " + e.Field + ": " + e.Text.In("en") }

// Check reports the first field that can not be.
func (x Setting) Check() error {
	if x.DataCentrePhone != "" && !phone(x.DataCentrePhone) {
		return &InvalidError{"data_centre_phone", contract.Text{ZH: "不是电话号码", EN: "This is no telephone number"}}
	}
	for i, c := range x.Contacts {
		if !phone(c.Phone) {
			return &InvalidError{fmt.Sprintf("contacts[%d].phone", i), contract.Text{ZH: "不是电话号码", EN: "This is no telephone number"}}
		}
		if strings.TrimSpace(c.Name.ZH) == "" {
			return &InvalidError{fmt.Sprintf("contacts[%d].name", i), contract.Text{ZH: "请填写名称", EN: "A name is needed"}}
		}
	}
	return nil
}

// phone accepts what a telephone can dial: digits, and + - space as people write them.
func phone(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, r == '-', r == ' ':
		default:
			return false
		}
	}
	return digits >= 3 && digits <= 20
}

// Setting reads the setting; before it was ever written, the fire brigade stands there.
func (s *Service) Setting(ctx context.Context) (Setting, error) {
	x := Setting{Contacts: []Contact{{Name: contract.Text{ZH: "消防", EN: "Fire brigade"}, Phone: "119"}}}
	var doc string
	err := s.db.Read().QueryRowContext(ctx, `SELECT doc FROM desk_setting WHERE id = 1`).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return x, nil
	}
	if err == nil {
		x = Setting{Contacts: []Contact{}}
		err = json.Unmarshal([]byte(doc), &x)
	}
	if err != nil {
		return Setting{}, fmt.Errorf("seat: read setting: %w", err)
	}
	return x, nil
}

// SetSetting writes the setting and the audit line.
func (s *Service) SetSetting(ctx context.Context, by org.Actor, x Setting) error {
	if err := x.Check(); err != nil {
		return err
	}
	if x.Contacts == nil {
		x.Contacts = []Contact{}
	}
	doc, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("seat: encode setting: %w", err)
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO desk_setting (id, doc) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`, string(doc)); err != nil {
			return fmt.Errorf("seat: store setting: %w", err)
		}
		return s.Audit.Append(ctx, tx, by, "desk.set", "desk", x, s.Now().UTC())
	})
}
