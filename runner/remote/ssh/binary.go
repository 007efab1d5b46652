package ssh

import (
	"brood/runner/proc"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// Binaries are the programs that are copied to other machines. They are read once.
type Binaries struct {
	// Paths are those that the user has named, by system and architecture as Go calls them:
	// "linux/arm64". Brood's own is for machines like this one.
	Paths map[string]string

	mu   sync.Mutex
	read map[string]*binary
}

// binary is a program as it is copied.
type binary struct {
	path, hash string
	size       int64
}

// For is the binary for a system.
func (b *Binaries) find(host, system, arch string) (*binary, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	which := system + "/" + arch
	if found := b.read[which]; found != nil {
		return found, nil
	}
	path, own := b.Paths[which], runtime.GOOS+"/"+runtime.GOARCH
	if path == "" && which != own {
		return nil, fmt.Errorf("%s runs %s, and this brood is for %s: build one for it (GOOS=%s GOARCH=%s), and name it: --ssh-binary %s=FILE", host, which, own, system, arch, which)
	}
	if path == "" {
		var err error
		if path, err = proc.SelfExe(); err != nil {
			return nil, fmt.Errorf("find brood's own binary: %w", err)
		}
	}
	found, err := readBinary(path)
	if err != nil {
		return nil, err
	}
	if b.read == nil {
		b.read = make(map[string]*binary)
	}
	b.read[which] = found
	return found, nil
}

func readBinary(path string) (*binary, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the binary for other machines: %w", err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return nil, fmt.Errorf("read the binary for other machines: %w", err)
	}
	return &binary{path, hex.EncodeToString(sum.Sum(nil)), size}, nil
}

// install sees to it that the binary is there. It reports whether it had to be copied.
func (l *link) install(ctx context.Context, b *binary) (copied bool, err error) {
	g := given{"hash": b.hash, "size": strconv.FormatInt(b.size, 10)}
	said, err := l.run(ctx, nil, checkScript, g)
	if err != nil {
		return false, err
	}
	switch strings.TrimSpace(said) {
	case "there":
		return false, nil
	case "missing", "differs":
	default:
		return false, fmt.Errorf("%s: nobody can say whether brood is there: %q", l.host.Name, said)
	}
	f, err := os.Open(b.path)
	if err != nil {
		return false, fmt.Errorf("copy the binary: %w", err)
	}
	defer func() { _ = f.Close() }()
	g["new"], g["packed"] = ".brood-"+rand.Text(), ""
	var in io.Reader = f
	if l.found.Gzip {
		g["packed"] = "yes"
		packed := pack(f)
		defer func() { _ = packed.Close() }()
		in = packed
	}
	said, err = l.run(ctx, in, storeScript, g)
	if err != nil {
		return false, fmt.Errorf("copy brood: %w", err)
	}
	if strings.TrimSpace(said) != "stored" {
		return false, fmt.Errorf("copy brood: %s: %q", l.host.Name, said)
	}
	return true, nil
}

// pack compresses what is read. Its goroutine ends when all was read, or the reader is closed.
func pack(r io.Reader) *io.PipeReader {
	pr, pw := io.Pipe()
	go func() {
		z, err := gzip.NewWriterLevel(pw, gzip.BestSpeed)
		if err == nil {
			_, err = io.Copy(z, r)
			err = errors.Join(err, z.Close())
		}
		pw.CloseWithError(err)
	}()
	return pr
}
