package agent

import (
	"brood/jobs/files"
	"brood/runner/home"
	"brood/runner/remote"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cache has files of runs' machines by their sums, for all agents of this machine: a directory with a file SUM, of mode 0600, for each, and
// SUM.part for one that is not whole, which whoever fetches it has locked. What is under a sum is whole, and on the disk.
type cache struct{ dir string }

const (
	partEnd = ".part"
	// keptFor is how long a file is kept that no agent has asked for.
	keptFor = 90 * 24 * time.Hour
)

// getter brings what follows in a file from a byte on; at least one.
type getter func(ctx context.Context, f *remote.File, from int64) ([]byte, error)

// errSum is that what was sent is not what was promised.
var errSum = errors.New("what was sent has another SHA-256 than was told")

// fetch brings a file, unless it is there, and returns its path. What another agent, or this one before, has got of it stays.
func (c *cache) fetch(ctx context.Context, f *remote.File, get getter, told func()) (string, error) {
	path := filepath.Join(c.dir, f.Sum)
	if !isSum(f.Sum) {
		return "", fmt.Errorf("%q is no SHA-256", f.Sum)
	}
	if whole(path, f) {
		now := time.Now()
		return path, os.Chtimes(path, now, now)
	}
	if err := files.MakeDir(c.dir); err != nil {
		return "", err
	}
	part, err := c.lock(ctx, path, told)
	if err != nil {
		return "", err
	}
	defer func() { _ = part.Close() }()
	if whole(path, f) { // another agent has fetched it meanwhile
		return path, nil
	}
	if err := fill(ctx, part, f, get); err != nil {
		return "", err
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return "", err
	}
	return path, files.SyncDir(c.dir)
}

// lock opens what there is of a file that is not whole, and waits until nobody else has it.
func (c *cache) lock(ctx context.Context, path string, told func()) (*os.File, error) {
	for {
		part, err := os.OpenFile(path+partEnd, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return nil, err
		}
		if err := home.AwaitLock(ctx, part, told); err != nil {
			return nil, errors.Join(err, part.Close())
		}
		mine, err := part.Stat()
		if err != nil {
			return nil, errors.Join(err, part.Close())
		}
		if there, err := os.Stat(path + partEnd); err == nil && os.SameFile(mine, there) {
			return part, nil
		}
		if _, err := os.Stat(path); err == nil {
			return part, nil // who had it has put it into its place
		}
		_ = part.Close() // it was removed: there is nothing in it
	}
}

// fill fetches what is missing in a file, and makes it durable. If what was there does not go with it, all is fetched anew.
func fill(ctx context.Context, part *os.File, f *remote.File, get getter) error {
	for again := false; ; again = true {
		h := sha256.New()
		from, err := io.Copy(h, io.NewSectionReader(part, 0, f.Size))
		if err != nil {
			return err
		}
		had := from > 0
		for from < f.Size {
			b, err := get(ctx, f, from)
			if err != nil {
				return err
			}
			if _, err := part.WriteAt(b, from); err != nil {
				return err
			}
			h.Write(b)
			from += int64(len(b))
		}
		if sumOf(h) == f.Sum {
			break
		}
		if err := part.Truncate(0); err != nil {
			return err
		}
		if again || !had {
			return errSum
		}
	}
	return errors.Join(part.Truncate(f.Size), part.Sync())
}

// whole reports whether a file has what its sum says.
func whole(path string, f *remote.File) bool {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	if st, err := file.Stat(); err != nil || !st.Mode().IsRegular() || st.Size() != f.Size {
		return false
	}
	h := sha256.New()
	_, err = io.Copy(h, file)
	return err == nil && sumOf(h) == f.Sum
}

func sumOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// isSum reports whether a text is a SHA-256, as it becomes a name of a file.
func isSum(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && s == strings.ToLower(s)
}

// sweep removes what no agent has asked for since a time.
func (c *cache) sweep(since time.Time) error {
	list, err := os.ReadDir(c.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range list {
		st, statErr := e.Info()
		if statErr == nil && isSum(strings.TrimSuffix(e.Name(), partEnd)) && st.ModTime().Before(since) {
			err = errors.Join(err, os.Remove(filepath.Join(c.dir, e.Name())))
		}
	}
	return err
}
