package worker

import (
	"brood/jobs"
	"brood/worker/wire"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain is also the program of the workers that the tests start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Command {
		os.Exit(Main(jobs.NewRegistry(&jobs.Definition{Name: "test", Open: openJob}, &jobs.Definition{Name: "stream", Open: openStream})))
	}
	os.Exit(m.Run())
}

// testJob does what a record says.
type testJob struct{ closeFails bool }

func openJob(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	var fails string
	if err := json.Unmarshal(s.Config, &fails); err != nil {
		return nil, err
	}
	if fails == "open" {
		return nil, errors.New("no connection")
	}
	if fails == "where" {
		return nil, fmt.Errorf("run %s in %s, shared in %s", s.Run, s.Dir, s.State)
	}
	if fails == "quiet" {
		return quietJob{}, nil
	}
	return testJob{fails == "close"}, nil
}

// quietJob says that it prints nothing.
type quietJob struct{ testJob }

func (quietJob) Quiet() bool { return true }

// Fork returns the job itself, which has nothing of its own.
func (j testJob) Fork() (jobs.Runner, error) { return j, nil }

func (j testJob) Close() error {
	fmt.Fprintln(os.Stderr, "the job is closed")
	if j.closeFails {
		return errors.New("it did not like that")
	}
	return nil
}

func (testJob) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	what, arg, _ := strings.Cut(string(rec.Raw), " ")
	switch what {
	case "say":
		res.Text = append(res.Text, arg...)
	case "big":
		n, _ := strconv.Atoi(arg)
		res.Text = bytes.Repeat([]byte{'x'}, n)
	case "fail":
		res.Fail(jobs.VerdictRetry, "busy", "%s", arg)
	case "break":
		return errors.New("the program broke the protocol")
	case "untouched":
		return fmt.Errorf("the program has gone; %w", jobs.ErrNotBegun)
	case "print":
		fmt.Print(arg)
	case "wait": // until somebody opens the named pipe, or it is stopped
		opened := make(chan error, 1)
		go func() {
			f, err := os.OpenFile(arg, os.O_RDONLY, 0)
			_ = f.Close()
			opened <- err
		}()
		select {
		case err := <-opened:
			return err
		case <-ctx.Done():
			res.Fail(jobs.VerdictRetry, "", "stopped")
		}
	case "until-stopped":
		<-ctx.Done()
		res.Fail(jobs.VerdictRetry, "", "stopped")
	case "hang":
		<-time.After(time.Minute)
	case "fork-ok", "fork-retry": // and the kernel refuses it
		if what == "fork-retry" {
			res.Fail(jobs.VerdictRetry, "exec", "as it could not fork")
		}
		return os.WriteFile(arg, []byte("max 1\n"), 0o600)
	case "tell":
		res.Text = append(res.Text, inside()...)
	}
	return nil
}

// inside is what a job finds around it.
func inside() string {
	inherited := 0
	for fd := wire.WorkFD; fd <= wire.LockFD; fd++ {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			inherited++
		}
	}
	var files unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &files)
	return fmt.Sprintf("inherited %d, mark %q, files %d", inherited, os.Getenv(wire.EnvMark), files.Cur)
}

// process is a worker, seen from where the parent is.
type process struct {
	cmd            *exec.Cmd
	work           *os.File
	answers        *os.File
	in             *wire.Reader
	places         int
	page           *wire.Page
	notes          *wire.Notes
	stdout, stderr bytes.Buffer
}

// shape is that of all datasets here.
var shape = &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n"}

func hello() wire.Hello {
	return wire.Hello{
		Version: wire.Version, Run: "demo", Slot: 1, Job: "test", Config: json.RawMessage(`""`), Shape: *shape,
		SendRaw: true, Text: true, Effect: "none", MaxOutput: 1 << 20,
	}
}

// launch starts a worker and says nothing to it.
func launch(t *testing.T, change ...func(*process)) *process {
	t.Helper()
	return launchFor(t, 1, change...)
}

// launchFor starts one that can have so many records in hand.
func launchFor(t *testing.T, places int, change ...func(*process)) *process {
	t.Helper()
	p := &process{places: places}
	workR, workW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	answersR, answersW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := []*os.File{workR, answersW}
	for i := range 4 { // page, notes, lock
		f, err := os.Create(filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if err := wire.FilePage(files[2], places).Reset(0); err != nil {
		t.Fatal(err)
	}
	if p.page, err = wire.OpenPage(files[2], places); err != nil {
		t.Fatal(err)
	}
	p.notes = wire.NewNotes(p.page, [2]*os.File{files[3], files[4]})
	p.work, p.answers, p.in = workW, answersR, wire.NewReader(answersR)
	p.cmd = exec.Command(os.Args[0], Command)
	p.cmd.ExtraFiles = files
	p.cmd.Env = append(os.Environ(), wire.EnvMark+"=1", "GORACE=atexit_sleep_ms=0")
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	// It kills its own group when its time is over.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	for _, c := range change {
		c(p)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = workR.Close()
	_ = answersW.Close()
	// No test waits for ever.
	if err := answersR.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		_ = p.cmd.Wait()
		_ = p.page.Close()
		for _, f := range append(files, workW, answersR) {
			_ = f.Close()
		}
	})
	return p
}

// serving starts a worker that has shaken hands.
func serving(t *testing.T, h wire.Hello, change ...func(*process)) *process {
	t.Helper()
	p := launchFor(t, max(h.Places, 1), change...)
	p.send(t, wire.TypeHello, h)
	typ, payload, err := p.in.Next()
	var ready wire.Ready
	if err != nil || typ != wire.TypeReady {
		t.Fatalf("type %d, %v; it says: %s", typ, err, &p.stderr)
	}
	if err := wire.ParseJSON(payload, &ready); err != nil || ready.Version != wire.Version || ready.PID != p.cmd.Process.Pid {
		t.Fatalf("%+v, %v; it is process %d", ready, err, p.cmd.Process.Pid)
	}
	return p
}

func (p *process) send(t *testing.T, typ wire.Type, v any) {
	t.Helper()
	frame, err := wire.AppendJSON(nil, typ, v)
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, frame)
}

func (p *process) write(t *testing.T, frame []byte) {
	t.Helper()
	if _, err := p.work.Write(frame); err != nil {
		t.Fatal(err)
	}
}

// batch sends records that follow one another.
func (p *process) batch(t *testing.T, first jobs.Seq, records ...string) {
	t.Helper()
	b := wire.AppendBatchHead(wire.Begin(nil, wire.TypeBatch), first, len(records))
	for _, r := range records {
		b = wire.AppendRecordHead(b, 0, 1)
		b = wire.AppendBody(b, &jobs.Shape{}, []byte(r), nil, true)
	}
	if err := wire.End(b, 0); err != nil {
		t.Fatal(err)
	}
	p.write(t, b)
}

// answer is one answer in words.
func answer(seq jobs.Seq, r *jobs.Result) string {
	s := fmt.Sprintf("%d %s", seq, r.Verdict)
	for _, word := range []string{string(r.Text), string(r.Class), r.Error} {
		if len(word) > 100 {
			word = fmt.Sprintf("%d bytes", len(word))
		}
		if word != "" {
			s += " " + word
		}
	}
	if r.Stopped {
		s += " (stopped)"
	}
	return s
}

// read reads n answers, in as many frames as they come in.
func (p *process) read(t *testing.T, n int) (got []string, frames int) {
	t.Helper()
	for len(got) < n {
		typ, payload, err := p.in.Next()
		if err != nil || typ != wire.TypeAnswers {
			t.Fatalf("after %q: type %d, %v; it says: %s", got, typ, err, &p.stderr)
		}
		r, err := wire.ReadAnswers(payload)
		if err != nil {
			t.Fatal(err)
		}
		frames++
		r.Named = p.places > 1
		for i := range r.Len() {
			var res jobs.Result
			if more, err := r.Next(&res); !more || err != nil {
				t.Fatal(more, err)
			}
			seq := r.First + jobs.Seq(i)
			if r.Named {
				seq = r.Seq
			}
			got = append(got, answer(seq, &res))
		}
	}
	return got, frames
}

// end waits for the worker to end and returns how it did. It must have said no
// more.
func (p *process) end(t *testing.T) string {
	t.Helper()
	if _, _, err := p.in.Next(); !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) {
		t.Errorf("at its end: %v", err)
	}
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.String()
}

// noted lists the notes of the worker.
func (p *process) noted(t *testing.T) (out []string) {
	t.Helper()
	notes, err := p.notes.After(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		var res jobs.Result
		if err := wire.ReadAnswer(n.Payload, &res); err != nil {
			t.Fatal(err)
		}
		out = append(out, answer(n.Seq, &res))
	}
	return out
}

// until waits for something that no event tells.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// inHand waits until a record is in hand, and has been for so long.
func (p *process) inHand(t *testing.T, seq jobs.Seq, d time.Duration) {
	t.Helper()
	until(t, fmt.Sprintf("record %d in hand", seq), func() bool {
		s, since, ok := first(p.page)
		return ok && s == seq && since > 0 && wire.Now()-since > d
	})
}

// gate makes a named pipe for a record to wait at, and returns what opens it.
func gate(t *testing.T) (path string, open func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "gate")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, func() {
		t.Helper()
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
}

// first is the record in hand at the first place, and since when.
func first(p *wire.Page) (seq jobs.Seq, since time.Duration, ok bool) {
	for _, h := range p.InHand(nil) {
		if h.Place == 0 {
			return h.Seq, h.Since, true
		}
	}
	return 0, 0, false
}
