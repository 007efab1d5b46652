package agent

import (
	"brood/runner"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/remote"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// markName is the file of an instance's directory that says for which session it worked.
const markName = "agent.json"

// mark is what it says.
type mark struct {
	RunID    string `json:"run_id"`
	Epoch    int64  `json:"epoch"`
	Boot     string `json:"boot"`
	Instance uint64 `json:"instance"`
}

// leftover is what an earlier instance has left.
type leftover struct {
	name  string // of its directory
	mark  mark
	notes []remote.Note
	lost  bool
}

func (l *leftover) report() *remote.Report {
	return &remote.Report{ID: l.name, Epoch: l.mark.Epoch, Instance: l.mark.Instance, Lost: l.lost, Notes: l.notes}
}

// says reports whether it has anything to say but that nothing is left.
func (l *leftover) says() bool { return l.lost || len(l.notes) > 0 }

// leftovers reads what earlier instances have left, when their workers have gone. What had not begun is removed.
func (a *agent) leftovers(ctx context.Context) ([]*leftover, error) {
	names, err := home.Names(a.root())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read what is left of earlier sessions: %w", err)
	}
	var out []*leftover
	for _, name := range names {
		dir, err := home.Open(ctx, a.root(), name, 0)
		var locked *home.LockedError
		if errors.As(err, &locked) {
			continue // another agent of this name is at work with it
		}
		if err != nil {
			return nil, err
		}
		l, err := a.readLeft(ctx, dir)
		if err == nil && l == nil {
			err = dir.Remove()
		} else {
			err = errors.Join(err, dir.Close())
		}
		if err != nil {
			return nil, err
		}
		if l != nil {
			out = append(out, l)
		}
	}
	return out, nil
}

// readLeft reads what one has left; nil: it had not begun.
func (a *agent) readLeft(ctx context.Context, dir *home.Dir) (*leftover, error) {
	l := &leftover{name: dir.Name}
	text, err := os.ReadFile(dir.File(markName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // it had not begun
	}
	if err == nil {
		err = json.Unmarshal(text, &l.mark)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir.File(markName), err)
	}
	if boot := ledger.BootID(); boot == "" || boot != l.mark.Boot {
		// Pages that were not synced may have been written back in any order.
		l.lost = true
		return l, nil
	}
	told := func() {
		a.Term.Logf("waiting for workers of an earlier session to finish the record they have in hand")
	}
	if l.notes, l.lost, err = runner.Leftover(ctx, dir, told); err != nil {
		return nil, err
	}
	return l, nil
}

// tidy lets the directory of an instance go, and removes it if it has nothing to say, and nobody waits to hear so: if it was taken for dead,
// or has lost its coordinator, what it was given may still be thought to be in its hands.
func (a *agent) tidy(dir *home.Dir, lost bool) error {
	l, err := a.readLeft(context.Background(), dir)
	if err != nil || lost || l != nil && l.says() {
		return errors.Join(err, dir.Close())
	}
	return dir.Remove()
}

// forget removes the directory of a report that the coordinator's ledger has.
func (a *agent) forget(id string) {
	if home.CheckName(id) != nil || !strings.HasPrefix(id, "e") {
		return
	}
	dir, err := home.Open(context.Background(), a.root(), id, 0)
	if err == nil {
		err = dir.Remove()
	}
	if err != nil {
		a.Term.Logf("remove %s: %v", filepath.Join(a.root(), "runs", id), err)
	}
}
