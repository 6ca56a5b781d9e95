// Package attach keeps the photos, videos and files that people hang on records: it takes
// them in pieces, trusts their bytes instead of their names, and gives them to whoever may
// read the record.
package attach

import (
	"errors"
	"fmt"
	"time"
)

// Bounds of the store.
const (
	MaxChunk     = 8 << 20 // bytes of one PATCH
	MaxOpen      = 50      // unfinished uploads of one person
	MaxOpenBytes = 2 << 30 // announced bytes of them
	openFor      = 24 * time.Hour
	looseFor     = 7 * 24 * time.Hour
	reserve      = 512 << 20 // bytes of disk that attachments leave to the databases
	maxName      = 120       // runes
	maxRefer     = 500       // attachments named in one call
)

// Errors of the store.
var (
	ErrNotFound = errors.New("attach: no such upload or attachment")
	ErrSize     = errors.New("attach: larger than allowed")
	ErrType     = errors.New("attach: this type is not accepted")
	ErrBroken   = errors.New("attach: the file cannot be read")
	ErrPixels   = errors.New("attach: the image has too many pixels")
	ErrSeconds  = errors.New("attach: the video is too long")
	ErrCamera   = errors.New("attach: not taken just now by a camera")
	ErrPartial  = errors.New("attach: not all of the file has arrived")
	ErrChecksum = errors.New("attach: the checksum differs")
	ErrQuota    = errors.New("attach: too many unfinished uploads")
	ErrFull     = errors.New("attach: the disk is full")
	ErrPurpose  = errors.New("attach: no such purpose")
	ErrPoster   = errors.New("attach: the poster is not a photo of the uploader")
	ErrAnnounce = errors.New("attach: what was announced cannot be")
)

// OffsetError means that a chunk does not begin where the upload stands.
type OffsetError struct{ Offset int64 }

func (e *OffsetError) Error() string {
	return fmt.Sprintf("attach: the upload stands at %d", e.Offset)
}

// Announcement is what a client says of a file before it sends it.
type Announcement struct {
	Name    string    `json:"name" minLength:"1" maxLength:"255"`
	Size    int64     `json:"size" minimum:"1" doc:"bytes"`
	Mime    string    `json:"mime,omitempty" maxLength:"100" doc:"as the client believes; the bytes decide"`
	Purpose string    `json:"purpose" minLength:"1" maxLength:"200" doc:"photo, video, media, file, poster, or what a form's field is called"`
	SHA256  string    `json:"sha256,omitempty" pattern:"^[0-9a-f]{64}$" doc:"of the whole file"`
	TakenAt time.Time `json:"taken_at,omitzero"`
	Place   string    `json:"place,omitempty" maxLength:"500" doc:"where it was taken, in words or as a place id"`
}

// Upload is a file that is coming in.
type Upload struct {
	ID        string    `json:"id"`
	Offset    int64     `json:"offset" doc:"bytes that are safe"`
	Size      int64     `json:"size"`
	Chunk     int64     `json:"chunk" doc:"most bytes of one piece"`
	ExpiresAt time.Time `json:"expires_at"`
	Finished  bool      `json:"finished"`

	Announcement `json:"-"`
	owner, by    string
	limits       Limits
}

// GPS is a position in degrees, WGS 84.
type GPS struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// Uploader is who sent an attachment, by the name of that time.
type Uploader struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Attachment is a finished file. It never changes.
type Attachment struct {
	ID        string    `json:"id"`
	SHA256    string    `json:"sha256" doc:"of the bytes that are served"`
	Mime      string    `json:"mime"`
	Name      string    `json:"name"`
	Size      int64     `json:"size"`
	Width     int       `json:"width,omitempty" doc:"pixels as shown, 0 unknown"`
	Height    int       `json:"height,omitempty"`
	Seconds   *float64  `json:"seconds,omitempty" doc:"of a video; absent when it does not tell"`
	TakenAt   time.Time `json:"taken_at,omitzero"`
	TakenFrom string    `json:"taken_from,omitempty" enum:"file,told" doc:"file: the camera wrote it; told: the client said so"`
	GPS       *GPS      `json:"gps,omitempty"`
	Place     string    `json:"place,omitempty"`
	Purpose   string    `json:"purpose"`
	Thumb     bool      `json:"thumb" doc:"there are thumbnails"`
	Original  Original  `json:"original"`
	By        Uploader  `json:"by"`
	At        time.Time `json:"at"`

	thumbs string // sha256 whose thumbnails are shown
}

// Original is what was sent; of photos only this much is kept.
type Original struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Ref is what refers to an attachment: a field of a record of a form, or another noun.
type Ref struct {
	Kind   string // "form" or another noun
	Form   string // "" for other nouns
	Record string
	Field  string
}

// kindPoster is the reference of a video to its poster.
const kindPoster = "attachment"
