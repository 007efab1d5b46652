package acceptance

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// damageBound is far more than any command here takes.
const damageBound = 60 * time.Second

// trial is one copy of a run that harm was done to.
type trial struct {
	*leftRun
	harm     harm
	said     strings.Builder // all commands, and what they said
	lastSaid string          // on standard error, by the last command
	missing  bool            // repair has said that results are missing, or changed
	changed  bool
}

// play puts the run back in its place, does harm to it, and goes on with it.
func (l *leftRun) play(t *testing.T, h harm, random *rand.Rand) {
	replace(t, l.final, l.place)
	if h.what != harmNone {
		changed := false
		for _, name := range strings.Split(h.file, "+") {
			switch err := l.do(h.what, name, random); {
			case errors.Is(err, errNoHarm):
			case err != nil:
				t.Fatal(err)
			default:
				changed = true
			}
		}
		if !changed {
			return // there was nothing to do it to
		}
	}
	x := &trial{leftRun: l, harm: h}
	defer func() {
		if t.Failed() {
			t.Logf("%s of %s after %s\n%s", h.file, l.name(), h.what, &x.said)
		} else if os.Getenv("BROOD_DAMAGE_TELL") != "" {
			t.Logf("\n%s", &x.said)
		}
	}()
	x.look(t)
	went := x.resume(t)
	if !went {
		went = x.repair(t)
	}
	x.checkEffects(t)
	if went {
		x.checkOutcome(t)
	}
}

// brood runs a command, which must end by itself and in good order.
func (x *trial) brood(t *testing.T, args ...string) (code int, stdout string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), damageBound)
	defer cancel()
	cmd := exec.CommandContext(ctx, x.exe, args...)
	var out, err bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = x.environment(), &out, &err, time.Second
	in, openErr := os.Open(x.input)
	if openErr != nil {
		t.Fatal(openErr)
	}
	defer func() { _ = in.Close() }()
	cmd.Stdin = in
	_ = cmd.Run()
	code = cmd.ProcessState.ExitCode()
	x.lastSaid = err.String()
	fmt.Fprintf(&x.said, "$ brood %s\n%s%s[%d]\n", strings.Join(args, " "), &out, &err, code)
	switch {
	case ctx.Err() != nil:
		t.Fatalf("brood %s did not end", args[0])
	case strings.Contains(err.String(), "panic") || strings.Contains(err.String(), "goroutine "):
		t.Fatalf("brood %s panicked", args[0])
	}
	switch code {
	case 0, 1, 3:
	case 2, 65, 74, 75:
		x.checkAdvice(t, args[0], err.String())
	default:
		t.Fatalf("brood %s ended with status %d", args[0], code)
	}
	return code, out.String()
}

// checkAdvice checks that who is refused is told what to do.
func (x *trial) checkAdvice(t *testing.T, command, stderr string) {
	t.Helper()
	if !strings.Contains(stderr, "\n  ") && !strings.Contains(stderr, "; remove it") && !strings.Contains(stderr, "; put the file back") {
		t.Errorf("brood %s does not say what to do", command)
	}
}

// look asks what can be asked of a run that nobody works on.
func (x *trial) look(t *testing.T) {
	t.Helper()
	x.brood(t, "verify", "d")
	x.brood(t, "status", "d")
	code, out := x.brood(t, "export", "d", "--status", "pending,failed,unknown")
	if code != 0 || x.state != leftDone {
		return
	}
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Error(err)
		return
	}
	got := make(map[string]bool)
	for _, r := range rows[1:] {
		got[r[0]] = true
	}
	// An older ledger can say of more than these that they are pending.
	older := x.harm.what == harmOlder || x.harm.what == harmBefore
	maps.DeleteFunc(got, func(id string, _ bool) bool { return older && !x.todo[id] })
	if !maps.Equal(got, x.todo) {
		t.Errorf("%d records were exported, and %d have no good end", len(got), len(x.todo))
	}
}

// resume goes on with the run, and reports whether that was not refused.
func (x *trial) resume(t *testing.T) bool {
	t.Helper()
	code, _ := x.brood(t, "resume", "d")
	told := strings.Contains(x.lastSaid, "its results are not where they were written")
	return code <= 3 && code != 2 && !told
}

// repair goes on with what is left.
func (x *trial) repair(t *testing.T) bool {
	t.Helper()
	code, out := x.brood(t, "repair", "d")
	if code != 0 {
		if code <= 3 && code != 2 {
			t.Errorf("brood repair ended with status %d", code)
		}
		return false
	}
	x.changed = strings.Contains(out, "are not what was written")
	x.missing = x.changed || strings.Contains(out, "are missing in the output")
	return x.resume(t)
}

// checkEffects checks what was done, whatever brood says of it.
func (x *trial) checkEffects(t *testing.T) {
	t.Helper()
	for seq, n := range doneOf(t, x.at("effects")) {
		if n > 1 && x.effect == "once" {
			t.Errorf("record %s was done %d times", seq, n)
		}
	}
}

// checkOutcome checks the results and the books of a run that is done.
func (x *trial) checkOutcome(t *testing.T) {
	t.Helper()
	if x.changed { // nothing is said of what stands there, but of what was done
		return
	}
	f, err := os.Open(x.at("out.csv"))
	if x.missing && errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if x.missing && err == nil && len(rows) == 0 {
		return
	}
	if err != nil || len(rows) == 0 {
		t.Errorf("results of %d rows: %v", len(rows), err)
		return
	}
	counts := x.checkRows(t, rows)
	// A run that is done needs no dataset any more, and no keys.
	useless := x.state == leftDone && (strings.HasPrefix(x.harm.file, "stdin.data") || strings.Contains(x.harm.file, "/keys/"))
	if code, _ := x.brood(t, "verify", "d"); code != 0 && !useless {
		t.Errorf("brood verify: status %d after all has gone well", code)
	}
	code, out := x.brood(t, "status", "d", "--json")
	var books struct{ Input, OK, Failed, Skipped, Unknown, Pending int }
	if err := json.Unmarshal([]byte(out), &books); code != 0 || err != nil {
		t.Errorf("brood status: status %d: %v", code, err)
		return
	}
	said := map[string]int{"ok": books.OK, "failed": books.Failed, "skipped": books.Skipped, "unknown": books.Unknown}
	maps.DeleteFunc(said, func(_ string, n int) bool { return n == 0 })
	if books.Input != damageRecords || books.Pending != 0 || (!x.missing && !maps.Equal(said, counts)) {
		t.Errorf("the books say %+v, and the results %v", books, counts)
	}
}

// checkRows checks the results, and returns how many there are of each status.
func (x *trial) checkRows(t *testing.T, rows [][]string) map[string]int {
	t.Helper()
	e := effects{effect: x.effect}
	done := doneOf(t, x.at("effects"))
	seqAt, statusAt := slices.Index(rows[0], "_seq"), slices.Index(rows[0], "_status")
	valueAt := slices.Index(rows[0], "done")
	if min(seqAt, statusAt, valueAt) < 0 {
		t.Errorf("the results begin with %q", rows[0])
		return nil
	}
	counts := make(map[string]int)
	last := -1
	for _, row := range rows[1:] {
		seq, err := strconv.Atoi(row[seqAt])
		if err != nil || seq <= last || (!x.missing && seq != last+1) {
			t.Errorf("a row of record %s follows one of record %d", row[seqAt], last)
			return counts
		}
		last = seq
		counts[row[statusAt]]++
		e.checkRecord(t, row[seqAt], row[statusAt], row[valueAt], done[row[seqAt]])
	}
	if last != damageRecords-1 && !x.missing {
		t.Errorf("the last row is of record %d", last)
	}
	if counts["skipped"] > 0 {
		t.Errorf("%d records were skipped", counts["skipped"])
	}
	return counts
}
