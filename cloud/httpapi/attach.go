package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/attach"
	"anlan/contract"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// UploadID names an upload or attachment; it is exported because the framework only looks
// into those.
type UploadID struct {
	ID string `path:"id" maxLength:"40" pattern:"^[a-z0-9]+$"`
}

type beginIn struct{ Body attach.Announcement }

// uploadOut tells how far an upload is, for programs in a header too.
type uploadOut struct {
	Offset int64 `header:"Upload-Offset"`
	Length int64 `header:"Upload-Length"`
	Body   attach.Upload
}

// chunkIn is read as it comes: what has arrived when the network breaks is kept.
type chunkIn struct {
	UploadID
	Offset int64 `header:"Upload-Offset" required:"true" minimum:"0"`

	hc huma.Context
}

// Resolve keeps the request, whose body the framework does not read.
func (c *chunkIn) Resolve(hc huma.Context) []error {
	c.hc = hc
	return nil
}

type finishIn struct {
	UploadID
	Body *struct {
		Poster string `json:"poster,omitempty" maxLength:"40" doc:"attachment of a photo that stands for the video"`
	}
}

// Resolve takes back the time the framework gave the body: it would end the request while
// a photo waits for its turn to be decoded.
func (*finishIn) Resolve(hc huma.Context) []error {
	if err := hc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return []error{fmt.Errorf("httpapi: wait for the end: %w", err)}
	}
	return nil
}

type attachmentIn struct {
	UploadID
	Download bool `query:"download" doc:"save it, even if it could be shown"`
}

type thumbIn struct {
	UploadID
	Size string `query:"size" enum:"160,480" default:"480" doc:"pixels of the long side"`
}

// attachOps registers uploads and attachments. Who may read what lies with the store.
func (s *server) attachOps(store *attach.Store) {
	register(s, "POST", "/api/uploads", "Announce a photo, video or file", signedIn, http.StatusCreated, func(ctx context.Context, in *beginIn) (*uploadOut, error) {
		return uploadState(store.Begin(ctx, actor(ctx), in.Body))
	})
	register(s, "GET", "/api/uploads/{id}", "How far an upload is", signedIn, http.StatusOK, func(ctx context.Context, in *UploadID) (*uploadOut, error) {
		return uploadState(store.State(ctx, actor(ctx), in.ID))
	})
	register(s, "DELETE", "/api/uploads/{id}", "Give an upload up", signedIn, http.StatusNoContent, func(ctx context.Context, in *UploadID) (*struct{}, error) {
		return nil, attachFault(store.Discard(ctx, actor(ctx), in.ID))
	})
	register(s, "PATCH", "/api/uploads/{id}", "The next piece, application/offset+octet-stream, at most 8 MiB", signedIn, http.StatusOK, func(ctx context.Context, in *chunkIn) (*uploadOut, error) {
		if n, err := strconv.ParseInt(in.hc.Header("Content-Length"), 10, 64); err == nil && n > attach.MaxChunk {
			return nil, attachFault(attach.ErrSize)
		}
		u, err := store.Append(ctx, actor(ctx), in.ID, in.Offset, patient{in.hc})
		_ = in.hc.SetReadDeadline(time.Time{}) // the connection goes on; if it cannot, the next read says so
		return uploadState(u, in.tell(err))
	})
	register(s, "POST", "/api/uploads/{id}/finish", "Check an upload and make the attachment of it", signedIn, http.StatusOK, func(ctx context.Context, in *finishIn) (*body[attach.Attachment], error) {
		poster := ""
		if in.Body != nil {
			poster = in.Body.Poster
		}
		a, err := store.Finish(ctx, actor(ctx), in.ID, poster)
		return answered(a, attachFault(err))
	})
	register(s, "GET", "/api/attachments/{id}/about", "What is known of an attachment", signedIn, http.StatusOK, func(ctx context.Context, in *UploadID) (*body[attach.Attachment], error) {
		a, err := store.ReadableBy(ctx, actor(ctx), in.ID)
		return answered(a, attachFault(err))
	})
	register(s, "GET", "/api/attachments/{id}", "The bytes of an attachment, whole or in ranges", signedIn, http.StatusOK, func(ctx context.Context, in *attachmentIn) (*huma.StreamResponse, error) {
		return attachmentBytes(ctx, store, in)
	})
	register(s, "GET", "/api/attachments/{id}/thumb", "A thumbnail, JPEG", signedIn, http.StatusOK, func(ctx context.Context, in *thumbIn) (*huma.StreamResponse, error) {
		a, err := store.ReadableBy(ctx, actor(ctx), in.ID)
		if err != nil {
			return nil, attachFault(err)
		}
		side, err := strconv.Atoi(in.Size)
		if err != nil {
			return nil, fmt.Errorf("httpapi: size of a thumbnail: %w", err)
		}
		f, tag, err := store.OpenThumb(a, side)
		if err != nil {
			return nil, attachFault(err)
		}
		return serve(f, tag, attach.JPEG, disposition("inline", "thumb.jpg"), a.At), nil
	})
}

func uploadState(u attach.Upload, err error) (*uploadOut, error) {
	if err != nil {
		return nil, attachFault(err)
	}
	return &uploadOut{u.Offset, u.Size, u}, nil
}

// tell puts the true offset into the header of a refusal.
func (c *chunkIn) tell(err error) error {
	if e, ok := errors.AsType[*attach.OffsetError](err); ok {
		c.hc.SetHeader("Upload-Offset", strconv.FormatInt(e.Offset, 10))
	}
	return err
}

// patient waits a while for every piece, however long the whole takes.
type patient struct{ hc huma.Context }

const pieceWithin = 30 * time.Second

func (p patient) Read(b []byte) (int, error) {
	if err := p.hc.SetReadDeadline(time.Now().Add(pieceWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("httpapi: wait for upload: %w", err)
	}
	return p.hc.BodyReader().Read(b) //nolint:wrapcheck // io.EOF must stay what it is
}

func attachmentBytes(ctx context.Context, store *attach.Store, in *attachmentIn) (*huma.StreamResponse, error) {
	a, err := store.ReadableBy(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, attachFault(err)
	}
	f, err := store.Open(a)
	if err != nil {
		return nil, err
	}
	how := "attachment"
	switch a.Mime {
	case attach.JPEG, attach.PNG, attach.WebP, attach.MP4, attach.MOV, attach.WebM:
		if !in.Download {
			how = "inline"
		}
	}
	return serve(f, a.SHA256, a.Mime, disposition(how, a.Name), a.At), nil
}

// serve answers with a file, whole, in part or not at all. Browsers may keep it but have
// to ask each time: rights may have changed.
func serve(f io.ReadSeekCloser, tag, kind, how string, at time.Time) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer f.Close()
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Disposition", how)
		h.Set("ETag", `"`+tag+`"`)
		h.Set("Cache-Control", "private, no-cache")
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		http.ServeContent(w, r, "", at, f)
	}}
}

// disposition writes a name so that every client understands it (RFC 6266): in UTF-8, and
// in ASCII for those that do not read that.
func disposition(how, name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || strings.ContainsRune(`"\%;/`, r) {
			return '_'
		}
		return r
	}, name)
	if strings.Trim(strings.TrimSuffix(plain, path.Ext(plain)), "_ .") == "" {
		plain = "file" + path.Ext(plain)
	}
	out := mime.FormatMediaType(how, map[string]string{"filename": plain})
	if plain != name {
		out += "; filename*=UTF-8''" + strings.NewReplacer("+", "%20", "'", "%27", "(", "%28", ")", "%29", "*", "%2A").Replace(url.QueryEscape(name))
	}
	return out
}

// attachFault puts the store's errors into words.
func attachFault(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*attach.OffsetError](err); ok {
		return &fault{status: http.StatusConflict, text: contract.Text{
			ZH: fmt.Sprintf("已收到 %d 字节，请从这里继续", e.Offset), EN: fmt.Sprintf("%d bytes have arrived; go on from there", e.Offset)}}
	}
	for _, row := range []struct {
		is     error
		status int
		zh, en string
	}{
		{attach.ErrNotFound, http.StatusNotFound, "没有这个上传或附件", "No such upload or attachment"},
		{attach.ErrPurpose, http.StatusUnprocessableEntity, "不认识的用途", "Unknown purpose"},
		{attach.ErrSize, http.StatusRequestEntityTooLarge, "文件或分片超过允许的大小", "The file or the piece is larger than allowed"},
		{attach.ErrType, http.StatusUnsupportedMediaType, "这里不接受这种文件", "Files of this type are not accepted here"},
		{attach.ErrPixels, http.StatusRequestEntityTooLarge, "图片像素太多：至多 5200 万像素", "The image has too many pixels: at most 52 million"},
		{attach.ErrSeconds, http.StatusUnprocessableEntity, "视频太长", "The video is too long"},
		{attach.ErrCamera, http.StatusUnprocessableEntity, "这里只接受现场拍摄的照片或视频", "Only what the camera has just taken is accepted here"},
		{attach.ErrBroken, http.StatusUnprocessableEntity, "文件已损坏，无法读取", "The file is damaged and cannot be read"},
		{attach.ErrChecksum, http.StatusUnprocessableEntity, "文件在传输中出错，请重新上传", "The file was damaged on its way; send it again"},
		{attach.ErrPoster, http.StatusUnprocessableEntity, "视频封面须是您刚上传的照片", "The poster must be a photo you have just uploaded"},
		{attach.ErrQuota, http.StatusTooManyRequests, "未完成的上传太多，请先完成或取消", "Too many unfinished uploads; finish or cancel some"},
		{attach.ErrFull, http.StatusInsufficientStorage, "服务器磁盘已满，文件没有保存", "The server's disk is full; the file was not kept"},
		{attach.ErrAnnounce, http.StatusUnprocessableEntity, "文件信息不对", "What was said of the file cannot be"},
		{attach.ErrPartial, http.StatusConflict, "文件还没有传完", "Not all of the file has arrived"},
	} {
		if errors.Is(err, row.is) {
			return say(row.status, row.zh, row.en)
		}
	}
	return err
}
