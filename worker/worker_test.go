package worker

import (
	"brood/worker/wire"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestByHand: who types the hidden command gets an explanation, also with the
// mark in the environment.
func TestByHand(t *testing.T) {
	for _, env := range []string{"A=1", wire.EnvMark + "=1"} {
		cmd := exec.Command(os.Args[0], Command)
		cmd.Env = append(os.Environ(), env)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != exitByHand || !strings.Contains(string(out), "cannot be used by hand") {
			t.Errorf("%s: %v, %s", env, err, out)
		}
	}
}

// TestBrokenHandshake: a worker that is not spoken to as it should be ends before
// it opens anything.
func TestBrokenHandshake(t *testing.T) {
	other := hello()
	other.Version++
	frame := func(typ wire.Type, v any) []byte {
		b, err := wire.AppendJSON(nil, typ, v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	good := frame(wire.TypeHello, hello())
	notJSON := append(wire.Begin(nil, wire.TypeHello), "{"...)
	if err := wire.End(notJSON, 0); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		send []byte
		want string
	}{
		"version":  {frame(wire.TypeHello, other), fmt.Sprintf("the parent speaks version %d of the protocol, this worker %d", wire.Version+1, wire.Version)},
		"type":     {frame(wire.TypeReady, wire.Ready{}), "type 2 instead of Hello"},
		"cut off":  {good[:len(good)-1], "unexpected EOF"},
		"nothing":  {nil, "EOF"},
		"not JSON": {notJSON, "broken frame"},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t)
			p.write(t, c.send)
			_ = p.work.Close()
			if how := p.end(t); how != "exit status 70" || !strings.Contains(p.stderr.String(), c.want) {
				t.Errorf("%s, %s", how, &p.stderr)
			}
			if strings.Contains(p.stderr.String(), "closed") {
				t.Error("it had opened the job")
			}
		})
	}
}

// TestRefuse: a worker that cannot work says why, to the parent too.
func TestRefuse(t *testing.T) {
	for want, change := range map[string]func(*wire.Hello){
		`there is no job "none"`: func(h *wire.Hello) { h.Job = "none" },
		"no connection":          func(h *wire.Hello) { h.Config = json.RawMessage(`"open"`) },
		"run demo in /state/runs/demo, shared in /state": func(h *wire.Hello) {
			h.Dir, h.State, h.Config = "/state/runs/demo", "/state", json.RawMessage(`"where"`)
		},
		"--limit-files 10 is too little: a fresh worker":  func(h *wire.Hello) { h.Confine.Files = 10 },
		"--limit-files 18446744073709551615 is too much":  func(h *wire.Hello) { h.Confine.Files = 1<<64 - 1 },
		"--limit-files 4611686018427387904 is more than ": func(h *wire.Hello) { h.Confine.Files = 1 << 62 },
	} {
		t.Run(want, func(t *testing.T) {
			h := hello()
			change(&h)
			p := launch(t)
			p.send(t, wire.TypeHello, h)
			typ, payload, err := p.in.Next()
			var r wire.Refuse
			if err == nil {
				err = wire.ParseJSON(payload, &r)
			}
			if err != nil || typ != wire.TypeRefuse || !strings.Contains(r.Error, want) {
				t.Errorf("type %d: %s, %v", typ, r.Error, err)
			}
			if how := p.end(t); how != "exit status 78" || !strings.Contains(p.stderr.String(), want) {
				t.Errorf("%s, %s", how, &p.stderr)
			}
		})
	}
}

// TestServe: records are answered in order, the page says how far it is, and the
// end of the work pipe is the end of the worker.
func TestServe(t *testing.T) {
	p := serving(t, hello())
	p.batch(t, 10, "say one", "fail later", "big 3")
	got, _ := p.read(t, 3)
	if want := []string{"10 ok one", "11 retry busy later", "12 ok " + strings.Repeat("x", 3)}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	p.batch(t, 20)
	p.batch(t, 20, "say two")
	if got, _ := p.read(t, 1); got[0] != "20 ok two" {
		t.Errorf("%q", got)
	}
	if last, ok := p.page.Last(); last != 20 || !ok || p.page.Done() != 4 {
		t.Errorf("the page says %d, %v, %d done", last, ok, p.page.Done())
	}
	if _, _, busy := first(p.page); busy {
		t.Error("a record is in hand")
	}
	_ = p.work.Close()
	if how := p.end(t); how != "exit status 0" || p.stderr.String() != "the job is closed\n" {
		t.Errorf("%s, %q", how, &p.stderr)
	}
	if n := p.noted(t); n != nil {
		t.Errorf("notes that nobody needs: %q", n)
	}
}

// TestCloseFails: a job that cannot be closed is told, though all is answered.
func TestCloseFails(t *testing.T) {
	h := hello()
	h.Config = json.RawMessage(`"close"`)
	p := serving(t, h)
	_ = p.work.Close()
	if how := p.end(t); how != "exit status 70" || !strings.Contains(p.stderr.String(), "it did not like that") {
		t.Errorf("%s, %s", how, &p.stderr)
	}
}

// TestBrokenWork: a frame that breaks the protocol ends the worker, and so does a
// job that is broken: its record stays in hand.
func TestBrokenWork(t *testing.T) {
	for name, c := range map[string]struct {
		send func(t *testing.T, p *process)
		want string
	}{
		"type": {func(t *testing.T, p *process) { p.send(t, wire.TypeHello, hello()) }, "type 1 instead of Batch"},
		"cut off": {func(t *testing.T, p *process) {
			p.write(t, []byte{9, 0, 0, 0, byte(wire.TypeBatch), 0})
			_ = p.work.Close()
		}, "unexpected EOF"},
		"payload":   {func(t *testing.T, p *process) { p.write(t, []byte{2, 0, 0, 0, byte(wire.TypeBatch), 0, 9}) }, "broken frame"},
		"the job's": {func(t *testing.T, p *process) { p.batch(t, 7, "break") }, "job test, record 7: the program broke the protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			p := serving(t, hello())
			c.send(t, p)
			if how := p.end(t); how != "exit status 70" || !strings.Contains(p.stderr.String(), c.want) {
				t.Errorf("%s, %s", how, &p.stderr)
			}
			if seq, _, busy := first(p.page); busy != (name == "the job's") || busy && seq != 7 {
				t.Errorf("in hand: %d, %v", seq, busy)
			}
		})
	}
}

// TestAnswersComeSoon: an answer does not wait for the record behind it, nor a
// large one for the end of the batch.
func TestAnswersComeSoon(t *testing.T) {
	path, open := gate(t)
	p := serving(t, hello())
	p.batch(t, 0, "say one", "wait "+path, "big 70000", "say four")
	if got, _ := p.read(t, 1); !slices.Equal(got, []string{"0 ok one"}) {
		t.Errorf("%q", got)
	}
	p.inHand(t, 1, 2*flushAfter)
	open()
	got, frames := p.read(t, 3)
	if want := []string{"1 ok", "2 ok 70000 bytes", "3 ok four"}; !slices.Equal(got, want) || frames < 2 {
		t.Errorf("%q in %d frames", got, frames)
	}
}

// TestInside: a job finds none of the worker's own descriptors that it could hand
// on, and its limits are set.
func TestInside(t *testing.T) {
	h := hello()
	h.Confine.Files = 64
	p := serving(t, h)
	p.batch(t, 0, "tell")
	if got, _ := p.read(t, 1); got[0] != `0 ok inherited 0, mark "", files 64` {
		t.Errorf("%q", got)
	}
}

// TestNotes: where a record must not be repeated, its answer is noted before it is
// sent.
func TestNotes(t *testing.T) {
	for _, effect := range []string{"once", "keyed"} {
		h := hello()
		h.Effect = effect
		p := serving(t, h)
		p.batch(t, 3, "say one", "fail later")
		p.read(t, 2)
		if got, want := p.noted(t), []string{"3 ok one", "4 retry busy later"}; !slices.Equal(got, want) {
			t.Errorf("%s: noted are %q, want %q", effect, got, want)
		}
	}
}

// TestNoRoomForNotes: the answer whose note finds no room is sent all the same,
// its record stays in hand, and the worker leaves.
func TestNoRoomForNotes(t *testing.T) {
	h := hello()
	h.Effect = "once"
	p := serving(t, h, func(p *process) {
		for _, i := range []int{3, 4} { // notes that cannot be written
			f, err := os.Open(p.cmd.ExtraFiles[i].Name())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Close() })
			p.cmd.ExtraFiles[i] = f
		}
	})
	p.batch(t, 0, "say one", "say two")
	if got, _ := p.read(t, 1); !slices.Equal(got, []string{"0 ok one"}) {
		t.Errorf("%q", got)
	}
	if how := p.end(t); how != "exit status 70" {
		t.Error(how)
	}
	if seq, _, busy := first(p.page); seq != 0 || !busy || !errors.Is(p.page.NotesError(), syscall.EBADF) {
		t.Errorf("in hand: %d, %v; the page says %v", seq, busy, p.page.NotesError())
	}
}

// TestPrinted: behind what a record has printed stands its number, so that nobody
// takes it for the next one's; unless the job says that it prints nothing.
func TestPrinted(t *testing.T) {
	for config, marked := range map[string]bool{`""`: true, `"quiet"`: false} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		h := hello()
		h.Config = json.RawMessage(config)
		p := serving(t, h, func(p *process) { p.cmd.Stdout = w })
		_ = w.Close()
		p.batch(t, 5, "print half a line", "say nothing")
		p.read(t, 2)
		_ = p.work.Close()
		p.end(t)
		out, err := io.ReadAll(r)
		_ = r.Close()
		line, _, _ := strings.Cut(string(out), "\n")
		before, seq, found := wire.CutPrintMark([]byte(line))
		if !found {
			before = []byte(line)
		}
		if err != nil || string(before) != "half a line" || found != marked || found && seq != 5 {
			t.Errorf("%s: %q, %v", config, out, err)
		}
	}
}

// TestRefusedProcesses: a worker to which the kernel has refused a process answers
// for the record that is to blame, and takes no other.
func TestRefusedProcesses(t *testing.T) {
	for verdict, want := range map[string]string{
		"ok":    "1 ok",
		"retry": "1 unknown processes it wanted to start more processes than --limit-procs allows: as it could not fork (stopped)",
	} {
		t.Run(verdict, func(t *testing.T) {
			h := hello()
			h.Confine.Refusals = filepath.Join(t.TempDir(), "pids.events")
			if err := os.WriteFile(h.Confine.Refusals, []byte("max 0\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			p := serving(t, h)
			p.batch(t, 0, "say one", "fork-"+verdict+" "+h.Confine.Refusals, "say three")
			if got, _ := p.read(t, 2); !slices.Equal(got, []string{"0 ok one", want}) {
				t.Errorf("%q", got)
			}
			if how := p.end(t); how != "exit status 0" {
				t.Error(how)
			}
		})
	}
}
