package home

import (
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/runner/spec"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// LockedError says who holds a run, or a lock of brood lock.
type LockedError struct {
	What   string // "run", "output" or "lock"
	Name   string
	Holder string // begins with ": ", or is empty
}

func (e *LockedError) Error() string {
	if e.What == "output" {
		return fmt.Sprintf("another run is writing to %s%s", e.Name, e.Holder)
	}
	return fmt.Sprintf("%s %s is held by another brood%s", e.What, e.Name, e.Holder)
}

// Wait is how long to wait for a lock.
type Wait time.Duration

// WaitForever is a Wait without an end.
const WaitForever Wait = -1

// lockPoll is how often a lock is tried while waiting for it.
const lockPoll = 20 * time.Millisecond

// holder is what stands in a lock file, for people.
type holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Since   time.Time `json:"since"`
	Command string    `json:"command,omitempty"`
}

// TakeLock takes the lock of brood lock: the file locks/NAME in the state
// directory. Command is what it is taken for.
func TakeLock(ctx context.Context, state, name, command string, wait Wait) (*os.File, error) {
	dir := filepath.Join(state, "locks")
	if err := makePrivate(state, dir); err != nil {
		return nil, err
	}
	f, err := takeLock(ctx, filepath.Join(dir, name), wait)
	if err != nil {
		var locked *LockedError
		if errors.As(err, &locked) {
			locked.What, locked.Name = "lock", name
		}
		return nil, err
	}
	return f, sign(f, command)
}

// makePrivate makes directories that only this user may write in, if need be,
// and refuses those that others may.
func makePrivate(state string, dirs ...string) error {
	for i, dir := range append([]string{state}, dirs...) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return &spec.WriteError{Err: fmt.Errorf("make state directory: %w", err)}
		}
		if err := proc.CheckPrivate(dir, i > 0 && i == len(dirs)); err != nil {
			return err
		}
	}
	return nil
}

// takeLock takes the lock on a file. The file may be removed with its directory
// while it is not held, so the name is looked up again once it is.
func takeLock(ctx context.Context, path string, wait Wait) (*os.File, error) {
	begun := time.Now()
	for {
		f, err := proc.OpenLock(path)
		if err != nil {
			return nil, err
		}
		err = proc.TryLock(f)
		if err == nil && proc.InPlace(f) {
			return f, nil
		}
		if errors.Is(err, proc.ErrLocked) {
			err = &LockedError{Holder: readHolder(f)}
		}
		_ = f.Close()
		if err == nil {
			continue // it was removed in between, and may have been made anew
		}
		var locked *LockedError
		if !errors.As(err, &locked) || (wait != WaitForever && time.Since(begun) >= time.Duration(wait)) {
			return nil, err
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

// pause waits until it is time to try a lock again.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(lockPoll):
		return nil
	}
}

// sign writes into a lock file who holds it.
func sign(f *os.File, command string) error {
	host, _ := os.Hostname() // for people; empty will do
	b, err := json.Marshal(holder{PID: os.Getpid(), Host: host, Since: time.Now().UTC().Truncate(time.Second), Command: command})
	if err != nil {
		return err
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt(append(b, '\n'), 0)
	}
	if err != nil {
		return &spec.WriteError{Err: fmt.Errorf("write lock: %w", err)}
	}
	return nil
}

func readHolder(f *os.File) string {
	var h holder
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil || json.Unmarshal(b, &h) != nil || h.PID == 0 {
		return ""
	}
	command := ""
	if h.Command != "" {
		command = " (" + h.Command + ")"
	}
	return fmt.Sprintf(": process %d%s on %s, since %s", h.PID, command, h.Host, h.Since.Local().Format(time.DateTime))
}

// OwnedError says that another machine may be working on the run: the ledger
// says so, and locks do not reach as far.
type OwnedError struct {
	Name  string
	Owner ledger.Owner
}

func (e *OwnedError) Error() string {
	return fmt.Sprintf("run %s was begun by process %d on %s, and nothing here can tell whether that still works on it; its last sign of life was at %s, %s ago",
		e.Name, e.Owner.PID, e.Owner.Host, e.Owner.Beat.Local().Format(time.DateTime), max(time.Since(e.Owner.Beat), 0).Round(time.Second))
}

// CheckOwner refuses a run that another machine may be working on. On this one,
// since it was started, the lock is what counts; after a restart nobody can.
func CheckOwner(ctx context.Context, l *ledger.Reader, name string) error {
	o, err := l.Owner(ctx)
	if err != nil || o == nil {
		return err
	}
	if host, err := os.Hostname(); o.BootID == ledger.BootID() || (err == nil && o.Host == host) {
		return nil
	}
	return &OwnedError{name, *o}
}

// HoldClaim takes a lock that is held with the run: of something that only one run of this state directory may use at a time, told
// by any text that is the same for all who mean it.
func (d *Dir) HoldClaim(claim string) error {
	sum := sha256.Sum256([]byte(claim))
	dir := filepath.Join(d.State(), "claims")
	if err := makePrivate(d.State(), dir); err != nil {
		return err
	}
	f, err := takeLock(context.Background(), filepath.Join(dir, hex.EncodeToString(sum[:12])), 0)
	if err != nil {
		var locked *LockedError
		if errors.As(err, &locked) {
			locked.What, locked.Name = "queue", claim
		}
		return err
	}
	d.claims = append(d.claims, f)
	return sign(f, "run "+d.Name)
}
