// Package notify tells people: what they see under the bell, and one outbox from which
// every further channel hands it on.
package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"anlan/contract"
)

// ErrNotFound means that there is no such notice, delivery or subscription of this person.
var ErrNotFound = errors.New("notify: not found")

// Urgency is how soon somebody has to know.
type Urgency string

// Urgencies, the least first.
const (
	Normal Urgency = "normal"
	Soon   Urgency = "soon"
	Urgent Urgency = "urgent"
)

var urgencies = [...]Urgency{Normal, Soon, Urgent}

func (u Urgency) rank() int {
	for i, x := range urgencies {
		if x == u {
			return i
		}
	}
	return 0
}

// Notice is what one person is told. Key is unique per person; its parts are divided by
// slashes, and what has the same key up to the last one is settled together.
type Notice struct {
	ID      string        `json:"id"`
	To      string        `json:"-"` // person's id
	Key     string        `json:"-"`
	Kind    string        `json:"kind"`
	Urgency Urgency       `json:"urgency" enum:"normal,soon,urgent"`
	Todo    bool          `json:"todo" doc:"something for the person to do, until done_at"`
	Title   contract.Text `json:"title"`
	Body    contract.Text `json:"body"`
	Link    string        `json:"link" doc:"page of the console"`
	At      time.Time     `json:"at"`
	ReadAt  time.Time     `json:"read_at,omitzero"`
	DoneAt  time.Time     `json:"done_at,omitzero"`
}

// Count is what the bell shows.
type Count struct {
	Unread int `json:"unread"`
}

// Page is one page of a person's notices, the newest first.
type Page struct {
	Items []Notice `json:"items"`
	Next  string   `json:"next" doc:"pass as before; empty at the end"`
}

// Channel hands notices on. Wants is asked within the transaction that posts; Send outside
// of any, again after an error unless that is a [PermanentError] or [ErrNobody].
type Channel interface {
	Name() string
	Wants(ctx context.Context, tx *sql.Tx, n Notice) (bool, error)
	Send(ctx context.Context, n Notice) error
}

// ErrNobody says that the person can no longer be reached by this channel.
var ErrNobody = errors.New("notify: nobody to send to")

// PermanentError says that trying again is of no use.
type PermanentError struct{ Err error }

// Error implements error.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PermanentError) Unwrap() error { return e.Err }

const maxKey = 300 // bytes

// topics divides a key into what is settled together and what it is about.
func topics(key string) (topic, subject string, err error) {
	i := strings.LastIndexByte(key, '/')
	if i < 1 || len(key) > maxKey {
		return "", "", fmt.Errorf("notify: key %.40q: want room/thing/occasion", key)
	}
	topic = key[:i+1]
	return topic, topic[:strings.LastIndexByte(topic[:i], '/')+1], nil
}

func unmarshal(raw string, to *contract.Text) error {
	if err := json.Unmarshal([]byte(raw), to); err != nil {
		return fmt.Errorf("notify: read text: %w", err)
	}
	return nil
}
