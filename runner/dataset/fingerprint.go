package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// wholeBelow is the size up to which a file's fingerprint covers all of it.
// Above, sampleCount pieces of sampleSize bytes are taken, the first and the
// last of the file among them, so that a run of a huge file starts at once.
const (
	wholeBelow  = 4 << 20
	sampleCount = 64
	sampleSize  = 16 << 10
)

// Fingerprint is what a file was like when the run began.
type Fingerprint struct {
	Path    string    `json:"path"`
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mtime"`
	Hash    string    `json:"hash"`  // SHA-256 of the content, or of the samples
	Whole   bool      `json:"whole"` // the hash covers everything
}

// TakeFingerprint looks at a file now.
func TakeFingerprint(path string) (Fingerprint, error) {
	f, err := os.Open(path)
	if err != nil {
		return Fingerprint{}, fmt.Errorf("open dataset: %w", err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return Fingerprint{}, fmt.Errorf("open dataset: %w", err)
	}
	fp := Fingerprint{Path: path, Size: st.Size(), ModTime: st.ModTime(), Whole: st.Size() <= wholeBelow}
	fp.Hash, err = hashPrefix(f, st.Size())
	return fp, err
}

// hashPrefix is the hash part of the fingerprint that the first size bytes of
// f would have if they were all.
func hashPrefix(f *os.File, size int64) (string, error) {
	h := sha256.New()
	if size <= wholeBelow {
		if _, err := io.Copy(h, io.NewSectionReader(f, 0, size)); err != nil {
			return "", fmt.Errorf("read dataset %s: %w", f.Name(), err)
		}
		return hex.EncodeToString(h.Sum(nil)), nil
	}
	buf := make([]byte, sampleSize)
	for i := range int64(sampleCount) {
		at := (size - sampleSize) / (sampleCount - 1) * i
		if i == sampleCount-1 {
			at = size - sampleSize
		}
		if _, err := f.ReadAt(buf, at); err != nil {
			return "", fmt.Errorf("read dataset %s: %w", f.Name(), err)
		}
		h.Write(buf)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Check compares a file with its fingerprint. What it returns wraps ErrChanged
// and says what changed. With appendOK a file that has only grown at its end
// is accepted.
func (fp *Fingerprint) Check(appendOK bool) error {
	changed := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s %s", ErrChanged, fp.Path, fmt.Sprintf(format, args...))
	}
	f, err := os.Open(fp.Path)
	if errors.Is(err, os.ErrNotExist) {
		return changed("is not there any more")
	}
	if err != nil {
		return fmt.Errorf("open dataset: %w", err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open dataset: %w", err)
	}
	if st.Size() == fp.Size && st.ModTime().Equal(fp.ModTime) {
		return nil
	}
	if st.Size() < fp.Size {
		return changed("has shrunk from %d to %d bytes", fp.Size, st.Size())
	}
	hash, err := hashPrefix(f, fp.Size)
	if err != nil {
		return err
	}
	modified := "modified " + st.ModTime().Format(time.DateTime)
	switch {
	case hash != fp.Hash && st.Size() == fp.Size:
		return changed("has other content than when the run began (%s)", modified)
	case hash != fp.Hash:
		return changed("has other content than when the run began, and has grown from %d to %d bytes (%s)", fp.Size, st.Size(), modified)
	case st.Size() > fp.Size && !endsLine(f, fp.Size):
		return changed("has had its last line extended; it ended without a line end when the run began")
	case st.Size() > fp.Size && !appendOK:
		return changed("has grown from %d to %d bytes, what was there is the same; to take the new rows as well, use --input-changed=accept-append", fp.Size, st.Size())
	case st.Size() == fp.Size && !fp.Whole:
		return changed("was written to (%s) since the run began; the %d samples compared are the same, but it is too large to compare everything. If you know it is the same, set its time back: touch -d @%d.%09d %s", modified, sampleCount, fp.ModTime.Unix(), fp.ModTime.Nanosecond(), fp.Path)
	}
	return nil
}

// endsLine reports whether what follows the first size bytes of f cannot belong
// to a line that began in them. Compressed files are made of whole members.
func endsLine(f *os.File, size int64) bool {
	var b [2]byte
	if size == 0 {
		return true
	}
	if _, err := f.ReadAt(b[:], size-1); err != nil {
		return false
	}
	var head [16]byte
	n, _ := f.ReadAt(head[:min(size, int64(len(head)))], 0)
	switch pack := packOf(head[:n]); {
	case bytes.HasPrefix(head[:n], gzipMagic), bytes.HasPrefix(head[:n], zstdMagic), pack == PackXZ, pack == PackBzip2:
		return true
	case pack == PackZip: // what is in it stands at its end
		return false
	case bytes.HasPrefix(head[:n], []byte("\xff\xfe")): // UTF-16, the low byte first
		var last [2]byte
		_, err := f.ReadAt(last[:], size-2)
		return err == nil && last == [2]byte{'\n', 0}
	}
	return b[0] == '\n' || b[0] == 0 || b[1] == '\n' || b[1] == '\r'
}
