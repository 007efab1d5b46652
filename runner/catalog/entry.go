// Package catalog is what runs there are, and what each of them is in a few words, without
// opening their ledgers: to list thousands, to know whose results a file holds, and to
// remove those that are not needed any more.
//
// Whoever closes a ledger that was written does it by Close, which leaves beside it, in
// summary.json, what the ledger says; with the sizes and times that the ledger and its seal
// had then. It counts as long as these are the same and no log stands beside the ledger, so
// it never says anything else than the ledger does: that is opened where it does not count,
// as of a run that is working, or was killed.
package catalog

import (
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// fileName is the name of an entry in the directory of its run.
const fileName = "summary.json"

// format is the version of entries; one of another is not read.
const format = 1

// Entry is a run, in a few words.
type Entry struct {
	Format      int           `json:"format"`
	Name        string        `json:"name"`
	Job         string        `json:"job"`
	Task        string        `json:"task,omitempty"` // the command, or what else says what the job does
	Effect      string        `json:"effect"`
	Dataset     []string      `json:"dataset"`
	Scope       string        `json:"scope,omitempty"` // of --once-per
	Keep        time.Duration `json:"keep,omitempty"`  // of --keep, in nanoseconds
	State       ledger.State  `json:"state"`
	Reason      string        `json:"reason,omitempty"`
	StartedAt   string        `json:"started_at"`
	FinishedAt  string        `json:"finished_at,omitempty"`
	SessionAt   string        `json:"session_at"` // when the last session began
	Input       uint64        `json:"input"`
	OK          uint64        `json:"ok"`
	Failed      uint64        `json:"failed"`
	Skipped     uint64        `json:"skipped"`
	Unknown     uint64        `json:"unknown"`
	Quarantined uint64        `json:"quarantined"`
	Worked      time.Duration `json:"worked"`            // in all sessions that have ended, in nanoseconds
	Unclear     bool          `json:"unclear,omitempty"` // what was in hand at the last end is not settled
	Results     Results       `json:"results"`
	// Target is the file that is made of the results when the run is done; empty: the user has them as they are.
	Target string `json:"target,omitempty"`

	Ledger stamp `json:"ledger"`
	Seal   stamp `json:"seal"`
}

// Results is the results file of a run, as far as the ledger counts on it.
type Results struct {
	Path  string  `json:"path"` // absolute, or "-"
	Bytes int64   `json:"bytes"`
	Sum   *uint32 `json:"sum,omitempty"` // CRC-32C of them
	File  stamp   `json:"file"`          // when it held them; zero: not known
}

// Pending is how many records are not final.
func (e *Entry) Pending() int64 {
	t := ledger.Totals{Input: e.Input, OK: e.OK, Failed: e.Failed, Skipped: e.Skipped, Unknown: e.Unknown}
	return max(t.Pending(), 0)
}

// stamp tells a file that was not touched from another.
type stamp struct {
	Dev  uint64 `json:"dev"`
	Ino  uint64 `json:"ino"`
	Size int64  `json:"size"`
	Time int64  `json:"time"` // of its last change, in nanoseconds
}

func stampOf(st os.FileInfo) stamp {
	s := stamp{Size: st.Size(), Time: st.ModTime().UnixNano()}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		s.Dev, s.Ino = uint64(sys.Dev), sys.Ino //nolint:unconvert,nolintlint // it has another type elsewhere
	}
	return s
}

// is reports whether the file at a path is the one of the stamp.
func (s stamp) is(path string) bool {
	st, err := os.Lstat(path)
	return err == nil && stampOf(st) == s
}

// Read reads the entry of a run, or returns nil if there is none that counts.
func Read(state, name string) *Entry {
	dir := home.RunPath(state, name)
	b, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		return nil
	}
	var e Entry
	if json.Unmarshal(b, &e) != nil || e.Format != format || e.Name != name || e.State == ledger.StateRunning {
		return nil
	}
	path := filepath.Join(dir, ledger.FileName)
	if !e.Ledger.is(path) || !e.Seal.is(filepath.Join(dir, ledger.SealName)) || !ledger.Settled(path) {
		return nil
	}
	return &e
}

// Examine makes the entry of a run from its ledger. Of a run that says it is working and
// does not, the state is interrupted.
func Examine(ctx context.Context, state, name string) (*Entry, error) {
	return examine(ctx, state, name, true)
}

// examine is Examine; others says whether somebody else may be working on the run.
func examine(ctx context.Context, state, name string, others bool) (*Entry, error) {
	r, err := ledger.OpenReader(ctx, home.LedgerPath(state, name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	e, err := describe(ctx, r)
	if err != nil || e.State != ledger.StateRunning || (others && home.Alive(state, name)) {
		return e, err
	}
	e.State, e.Reason = ledger.StateInterrupted, "it was killed"
	e.Unclear = e.Unclear || e.Effect != "none"
	// From here nobody can tell whether another machine works on it.
	var owned *home.OwnedError
	if err := home.CheckOwner(ctx, r, name); errors.As(err, &owned) {
		e.State, e.Reason = ledger.StateRunning, "as far as can be told: "+owned.Error()
	} else if err != nil {
		return nil, err
	}
	return e, nil
}

// describe says of a ledger what an entry holds.
func describe(ctx context.Context, r *ledger.Reader) (*Entry, error) {
	s, err := r.Summary(ctx)
	if err != nil {
		return nil, err
	}
	e := &Entry{
		Format: format, Name: s.Name, Job: s.Job, Effect: s.Effect, State: s.State, Reason: s.Reason,
		StartedAt: s.StartedAt, FinishedAt: s.FinishedAt,
		Input: s.Totals.Input, OK: s.Totals.OK, Failed: s.Totals.Failed, Skipped: s.Totals.Skipped, Unknown: s.Totals.Unknown,
	}
	if cfg, err := spec.Decode(s.Config); err == nil { // what it was to do does not change how it went
		e.Task, e.Dataset, e.Scope, e.Keep = taskOf(cfg), datasetOf(cfg), cfg.OncePer, cfg.Keep
		if cfg.Form != nil && cfg.Shard == nil {
			e.Target = cfg.Form.Path
		}
	}
	if e.Quarantined, err = r.Quarantined(ctx); err != nil {
		return nil, err
	}
	if e.Worked, err = r.Worked(ctx); err != nil {
		return nil, err
	}
	out, err := r.Output(ctx)
	if err != nil {
		return nil, err
	}
	e.Results = Results{Path: out.Path, Bytes: out.Bytes, Sum: out.Sum}
	_, last, err := r.LastSession(ctx)
	if err != nil {
		return nil, err
	}
	if e.SessionAt = s.StartedAt; !last.StartedAt.IsZero() {
		e.SessionAt = last.StartedAt.Format(time.RFC3339Nano)
	}
	notes, err := r.Notes(ctx)
	if err != nil {
		return nil, err
	}
	e.Unclear = s.State != ledger.StateRunning && s.Effect != "none" && (!last.Clean || len(notes) > 0)
	return e, nil
}

// taskOf is what a run does, as it is written on the command line.
func taskOf(cfg *spec.Config) string {
	if len(cfg.Words) == 0 {
		return cfg.Plan.Task
	}
	words := make([]string, len(cfg.Words))
	for i, w := range cfg.Words {
		if w == "" || strings.ContainsAny(w, " \t\n'\"\\|&;<>()$`*?[#~!") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		words[i] = w
	}
	return strings.Join(words, " ")
}

// Close closes the ledger of a run that was written, and leaves beside it what it says.
// That is for those who look; it costs nothing where it cannot be done.
func Close(dir *home.Dir, l *ledger.Ledger) error {
	e, err := describe(context.Background(), l.InTurn())
	if closeErr := l.Close(); err != nil || closeErr != nil || e.State == ledger.StateRunning {
		return closeErr
	}
	e.Results.File = e.resultsNow(dir)
	_ = e.keep(dir)
	return nil
}

// keep writes the entry into the directory of its run.
func (e *Entry) keep(dir *home.Dir) error {
	for path, to := range map[string]*stamp{dir.File(ledger.FileName): &e.Ledger, dir.File(ledger.SealName): &e.Seal} {
		st, err := os.Lstat(path)
		if err != nil {
			return err
		}
		*to = stampOf(st)
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	// It is not synced: one that is not whole does not count.
	tmp := dir.File(fileName + ".part")
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return err
	}
	if err := os.Rename(tmp, dir.File(fileName)); err != nil {
		return err
	}
	e.claimAgain(dir)
	return e.wish(dir)
}

// resultsNow is the stamp of the results file, if it is what was written. That need not be
// found out by reading it where this session has written it, or where it was known before.
func (e *Entry) resultsNow(dir *home.Dir) stamp {
	r := &e.Results
	if r.Path == sink.Stdout {
		return stamp{}
	}
	st, err := os.Stat(r.Path)
	if err != nil || !st.Mode().IsRegular() || st.Size() < r.Bytes {
		return stamp{}
	}
	now := stampOf(st)
	if dir.Writes(st) {
		return now
	}
	var before Entry
	if b, err := os.ReadFile(dir.File(fileName)); err == nil && json.Unmarshal(b, &before) == nil &&
		before.Results.File == now && before.Results.Bytes == r.Bytes {
		return now
	}
	if same, err := r.hold(r.Path, st); err != nil || !same {
		return stamp{}
	}
	return now
}

// hold reports whether a file begins with the results.
func (r *Results) hold(path string, st os.FileInfo) (bool, error) {
	if st.Size() < r.Bytes {
		return false, nil
	}
	if r.Sum == nil {
		return true, nil // nobody can tell
	}
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("read results: %w", err)
	}
	defer func() { _ = f.Close() }()
	sum, err := sink.SumOf(f, r.Bytes)
	return err == nil && sum == *r.Sum, err
}

// datasetOf is what a run works on: its files, or what else its records are of.
func datasetOf(cfg *spec.Config) []string {
	if cfg.Queue != nil {
		return []string{cfg.Queue.URL}
	}
	if cfg.Query != nil {
		return []string{cfg.Query.URL}
	}
	return cfg.Dataset.Paths
}
