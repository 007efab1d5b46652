package desk

import (
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A new version of the output that the ledger counts on is renamed, by whoever comes next.
func TestAmendWasCutOff(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	tmp := filepath.Join(filepath.Dir(p.cfg.Output), ".out.csv.brood-amended")
	p.write(tmp, "the new version\n")
	if err := p.ledger.Amend(t.Context(), 16, nil, tmp); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		if err := Amend(t.Context(), p.ledger, p.cfg, p.warn); err != nil {
			t.Fatal(err)
		}
		if p.output() != "the new version\n" {
			t.Errorf("%q", p.output())
		}
	}
}

// What stands there instead is not taken for it.
func TestReplacementIsReplaced(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, tmp string) error{
		"by a link":      func(t *testing.T, tmp string) error { return os.Symlink("out.csv", tmp) },
		"by a directory": func(t *testing.T, tmp string) error { return os.Mkdir(tmp, 0o700) },
		"by less":        func(t *testing.T, tmp string) error { return os.WriteFile(tmp, []byte("the new"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPast(t, sink.FormatCSV, ledger.StateDone)
			before := p.output()
			tmp := filepath.Join(filepath.Dir(p.cfg.Output), ".new")
			if err := errors.Join(harm(t, tmp), p.ledger.Amend(t.Context(), 16, nil, tmp)); err != nil {
				t.Fatal(err)
			}
			err := Amend(t.Context(), p.ledger, p.cfg, p.warn)
			var writeErr *spec.WriteError
			if !errors.As(err, &writeErr) || !strings.Contains(err.Error(), "replaced or cut") || p.output() != before {
				t.Errorf("%v", err)
			}
		})
	}
}

// A disk that takes nothing more is an error that says what to do; the results stay, and
// nothing lies beside them.
func TestAmendCannotWrite(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	p.write(p.cfg.Output, p.output()+"9,"+strings.Repeat("x", 2*room)+",9,ok,,,1,1\n")
	before := p.output()
	if err := p.ledger.Resolve(t.Context(), Decide([]ledger.Outcome{{Seq: 1}}, ledger.DecideOK, "ann", "x")); err != nil {
		t.Fatal(err)
	}
	names := func() int { list, _ := os.ReadDir(filepath.Dir(p.cfg.Output)); return len(list) }
	had := names()
	err := withoutRoom(t, func() error { return Amend(t.Context(), p.ledger, p.cfg, p.warn) })
	var writeErr *spec.WriteError
	if !errors.As(err, &writeErr) || !strings.Contains(err.Error(), "brood resume x") || p.output() != before || names() != had {
		t.Errorf("%v, %d names, had %d", err, names(), had)
	}
	if err := Amend(t.Context(), p.ledger, p.cfg, p.warn); err != nil || p.output() == before || names() != had {
		t.Errorf("when it can: %v", err)
	}
}

// room is how long a file may get in withoutRoom: more than anything but the results has.
const room = 1 << 20

// withoutRoom calls f while no file may get longer than room.
func withoutRoom(t *testing.T, f func() error) error {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var had syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &had); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: room, Max: had.Max}); err != nil {
		t.Fatal(err)
	}
	err := f()
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &had); err != nil {
		t.Fatal(err)
	}
	return err
}

// A record of several rows has all of them replaced, or decided about; what stands around
// them stays.
func TestAmendRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	const meta = "_seq,_status,_class,_error,_attempts,_ms\n"
	before := "id," + meta + "a,0,unknown,,,1,1\nb,0,unknown,,,1,1\nc,1,ok,,,1,1\nd,2,failed,x,,1,1\ne,2,failed,x,,1,1\nf,3,unknown,,,1,1\ng,3,unknown,,,1,1\n"
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	tmp, _, _, err := rewrite(path, amended(path, sink.FormatCSV, []ledger.Amendment{
		{Seq: 0, Decision: ledger.DecideOK, Reason: "seen"},
		{Seq: 2, Decision: ledger.DecideRetry, Bytes: []byte("d,2,ok,,,2,1\ne,2,ok,,,2,1\n")},
		{Seq: 3, Decision: ledger.DecideFailed, Reason: "lost"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(tmp)
	want := "id," + meta + "a,0,ok,resolved,seen,1,1\nb,0,ok,resolved,seen,1,1\nc,1,ok,,,1,1\nd,2,ok,,,2,1\ne,2,ok,,,2,1\nf,3,failed,resolved,lost,1,1\ng,3,failed,resolved,lost,1,1\n"
	if err != nil || string(got) != want {
		t.Errorf("%v, %s\nwant %s", err, got, want)
	}
}
