package attach

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// folder is where the bytes are: attachments/ab/cd/<sha256> for what is served, with
// .160 and .480 beside it for thumbnails, and attachments/incoming for what comes in.
type folder struct {
	root     string
	writable func(*os.File) io.WriterAt // the file itself, but for tests of a full disk
}

func openFolder(data string) (folder, error) {
	f := folder{filepath.Join(data, "attachments"), func(f *os.File) io.WriterAt { return f }}
	if err := os.MkdirAll(f.incoming(), 0o700); err != nil {
		return f, fmt.Errorf("attach: make folder: %w", err)
	}
	return f, errors.Join(syncFolder(f.root), syncFolder(data))
}

func (f folder) incoming() string { return filepath.Join(f.root, "incoming") }

func (f folder) partial(id string) string { return filepath.Join(f.incoming(), id) }

func (f folder) blob(sum string) string { return filepath.Join(f.root, sum[:2], sum[2:4], sum) }

func (f folder) thumb(sum string, side int) string {
	return f.blob(sum) + "." + strconv.Itoa(side)
}

// full turns the system's words for no space into [ErrFull].
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("attach: open folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("attach: sync folder: %w", err)
	}
	return nil
}

// place makes the folders of a path last.
func (f folder) place(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return full(fmt.Errorf("attach: make folder: %w", err))
	}
	return errors.Join(syncFolder(filepath.Dir(dir)), syncFolder(f.root))
}

// write stores bytes under a path so that they are there whole or not at all. What is
// there already stays: the same name means the same bytes.
func (f folder) write(path string, data []byte) (err error) {
	if st, err := os.Stat(path); err == nil && st.Size() == int64(len(data)) {
		return nil
	}
	if err := f.place(path); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.incoming(), "tmp-*")
	if err != nil {
		return full(fmt.Errorf("attach: make file: %w", err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, gone(os.Remove(tmp.Name())))
		}
	}()
	_, err = f.writable(tmp).WriteAt(data, 0)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return full(fmt.Errorf("attach: write file: %w", err))
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return full(fmt.Errorf("attach: rename file: %w", err))
	}
	return syncFolder(filepath.Dir(path))
}

// adopt gives an incoming file a second name among those that are served. The first one
// goes when the database knows of the second.
func (f folder) adopt(partial, path string) error {
	if err := f.place(path); err != nil {
		return err
	}
	err := os.Link(partial, path)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil { // file systems without links
		return f.copy(partial, path)
	}
	return syncFolder(filepath.Dir(path))
}

func (f folder) copy(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("attach: open upload: %w", err)
	}
	defer in.Close()
	tmp, err := os.CreateTemp(f.incoming(), "tmp-*")
	if err != nil {
		return full(fmt.Errorf("attach: make file: %w", err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, gone(os.Remove(tmp.Name())))
		}
	}()
	_, err = io.Copy(io.NewOffsetWriter(f.writable(tmp), 0), in)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return full(fmt.Errorf("attach: copy file: %w", err))
	}
	if err := os.Rename(tmp.Name(), to); err != nil {
		return full(fmt.Errorf("attach: rename file: %w", err))
	}
	return syncFolder(filepath.Dir(to))
}

// drop removes what is served under a name, with its thumbnails.
func (f folder) drop(sum string) error {
	err := gone(os.Remove(f.blob(sum)))
	for _, side := range thumbSides {
		err = errors.Join(err, gone(os.Remove(f.thumb(sum, side))))
	}
	return err
}

// gone forgives a file that is not there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func hashFile(f *os.File, size int64) (string, error) {
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(f, 0, size))
	if err != nil {
		return "", fmt.Errorf("attach: read upload: %w", err)
	}
	if n != size {
		return "", ErrPartial
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
