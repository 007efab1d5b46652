package agent

import (
	"brood/jobs"
	"brood/jobs/elsewhere"
	"brood/jobs/files"
	"brood/runner/remote"
	"brood/runner/spec"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// errNotGiven is that the coordinator does not give what it has promised.
var errNotGiven = errors.New("the run's machine does not give it any more, as it has changed there, or cannot be read: its log says more")

// mostSecret is the most bytes that a secret file may have: it is held in memory, and given to each worker.
const mostSecret = 1 << 20

// changedTries is how often it is asked again for files that change while they are fetched.
const changedTries = 5

// stock is what the agent has of the files of the run's machine.
type stock struct {
	local map[string]string // path, by sum, of those that are whole
	held  map[string][]byte // content, by sum, of those that are secret
	told  map[string]bool   // whose paths people were told
}

// prefetch fetches the files of the run before this machine joins, as that may take longer than a lease. If the coordinator is not to be
// found it is for who joins to say.
func (a *agent) prefetch(ctx context.Context) error {
	body, err := json.Marshal(remote.Question{Files: true})
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		w, err := a.ask(ctx, body)
		if err != nil {
			return nil //nolint:nilerr // see above
		}
		if w.Refused != "" {
			return &RefusedError{Why: w.Refused}
		}
		if a.Clear && hasSecret(w.Files) {
			return nil // it will not be let in
		}
		if _, err = a.collect(ctx, w.Files); !errors.Is(err, errNotGiven) || try == changedTries {
			return err
		}
	}
}

func hasSecret(list []remote.File) bool {
	for i := range list {
		if list[i].Use == jobs.FileSecret {
			return true
		}
	}
	return false
}

// collect fetches what is missing of files, and says where they are on this machine. Nil: there are none.
func (a *agent) collect(ctx context.Context, list []remote.File) (*elsewhere.Files, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if a.stock.local == nil {
		a.stock = stock{local: make(map[string]string), held: make(map[string][]byte), told: make(map[string]bool)}
		if err := a.cache().sweep(time.Now().Add(-keptFor)); err != nil {
			a.Term.Logf("remove files of earlier runs: %v", err)
		}
	}
	out := &elsewhere.Files{Local: make(map[string]string), Held: make(map[string][]byte)}
	for i := range list {
		f := &list[i]
		var err error
		switch f.Use {
		case jobs.FileRead:
			err = a.keep(ctx, f)
			out.Local[f.Path] = a.stock.local[f.Sum]
		case jobs.FileSecret:
			err = a.hold(ctx, f)
			out.Held[f.Path] = a.stock.held[f.Sum]
		case jobs.FileThere:
			err = mustBeThere(f)
		case jobs.FileWrite:
			if !a.stock.told[f.Path] {
				a.stock.told[f.Path] = true
				a.Term.Logf("what workers write to %s stays on this machine", f.Path)
			}
		default:
			err = fmt.Errorf("nobody knows what %q is to mean", f.Use)
		}
		if err != nil {
			return nil, fmt.Errorf("file %s of the run's machine: %w", strings.TrimPrefix(f.Path, files.OfState("")), err)
		}
	}
	return out, nil
}

func (a *agent) cache() *cache { return &cache{dir: filepath.Join(a.State, "agents", "files")} }

// keep fetches a file to the disk.
func (a *agent) keep(ctx context.Context, f *remote.File) (err error) {
	if a.stock.local[f.Sum] != "" {
		return nil
	}
	path, err := a.cache().fetch(ctx, f, a.part, func() { a.Term.Logf("waiting for another agent that fetches %s", f.Path) })
	if err == nil {
		a.stock.local[f.Sum] = path
	}
	return err
}

// hold fetches a file to memory, and no disk.
func (a *agent) hold(ctx context.Context, f *remote.File) error {
	if _, is := a.stock.held[f.Sum]; is {
		return nil
	}
	if f.Size < 0 || f.Size > mostSecret {
		return fmt.Errorf("it has %d bytes: a secret file has %d at most", f.Size, mostSecret)
	}
	b := make([]byte, 0, f.Size)
	for int64(len(b)) < f.Size {
		more, err := a.part(ctx, f, int64(len(b)))
		if err != nil {
			return err
		}
		b = append(b, more...)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != f.Sum {
		return errSum
	}
	a.stock.held[f.Sum] = b
	return nil
}

// part asks for what follows in a file until it is answered, or the coordinator is gone for too long.
func (a *agent) part(ctx context.Context, f *remote.File, from int64) ([]byte, error) {
	body, err := json.Marshal(remote.Question{Part: &remote.Part{Sum: f.Sum, From: from}})
	if err != nil {
		return nil, err
	}
	a.heard = time.Now()
	for {
		asking, cancel := context.WithTimeout(ctx, askTime)
		b, err := a.port.Ask(asking, body)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil && len(b) == 0:
			return nil, errNotGiven
		case err == nil && int64(len(b)) > min(f.Size-from, remote.PartBytes):
			return nil, errSum
		case err == nil:
			a.heard = time.Now()
			return b, nil
		case time.Since(a.heard) > a.patience():
			return nil, &LostError{After: a.patience(), Err: err}
		}
		select {
		case err := <-a.gone:
			a.gone <- err // for whoever joins next
			return nil, &RefusedError{Why: err.Error()}
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// mustBeThere refuses to work where what workers need of this machine is not there.
func mustBeThere(f *remote.File) error {
	st, err := os.Stat(f.Path)
	if err == nil && f.IsFolder() && !st.IsDir() {
		err = errors.New("it is no directory here")
	}
	if err != nil {
		return &RefusedError{Why: fmt.Sprintf("its workers need %s of this machine, at the same path: %v", f.Path, err)}
	}
	return nil
}

// mayRead refuses to work with workers of another user, who could not read what is kept for this one alone.
func mayRead(cfg *spec.Config, at *elsewhere.Files) error {
	if cfg.Limits.User == "" || at == nil || len(at.Local) == 0 {
		return nil
	}
	name, _, _ := strings.Cut(cfg.Limits.User, ":")
	if u, err := user.Lookup(name); err == nil && u.Uid == strconv.Itoa(os.Geteuid()) {
		return nil
	}
	return &RefusedError{Why: "the run's files are kept here for the user of brood join alone, and its workers are to be " + name + " (--user): run brood join as that user, and the run without --user"}
}
