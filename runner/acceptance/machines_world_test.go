package acceptance

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machinesWorld is a run that machines work on, all of them on this one, each with a loopback address, a cable and a state of its own.
type machinesWorld struct {
	dir     string
	addr    string   // of the coordinator
	records int      // of its dataset
	effect  string   // of the run
	args    []string // of brood run besides
	script  string
	shell   string // that does it
	column  string // that it is given
	lease   string

	coordinator *process
	agents      []*agentOf
	said        lockedBuffer // by all of them
}

// agentOf is a machine.
type agentOf struct {
	w       *machinesWorld
	name    string
	slots   int
	cable   *cable
	process *process
}

// process is one that was begun.
type process struct {
	*exec.Cmd
	done chan struct{}
}

func (p *process) pid() int { return p.Process.Pid }

// running reports whether it has not ended.
func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// await waits until it has ended, and returns its exit status; one that was killed by a signal has -1.
func (p *process) await(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * time.Minute):
		_ = p.Process.Signal(syscall.SIGQUIT)
		<-p.done
		t.Fatalf("it does not end: %v", p.Args[1:])
	}
	return p.ProcessState.ExitCode()
}

// machinesScript does a record whose number it is given, and says so in a file. Some fail, or ask for another try, before they have done
// anything; some take longer.
const machinesScript = `n=$1
case $n in *57) exit 65 ;; esac
case $n in *3) if [ "$BROOD_ATTEMPT" -lt 2 ]; then exit 75; fi ;; esac
echo "$n $BROOD_KEY" >>"$EFFECTS_LOG"
case $n in *9) sleep 0.1 ;; *44) sleep 0.5 ;; esac
echo "r$n"
`

func newMachinesWorld(t *testing.T, records int, effect string) *machinesWorld {
	t.Helper()
	w := &machinesWorld{dir: t.TempDir(), records: records, effect: effect, script: machinesScript, shell: "sh", column: "{n}", lease: "3s"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var data strings.Builder
	data.WriteString("n\n")
	for i := range records {
		fmt.Fprintln(&data, i)
	}
	w.write(t, "in.csv", data.String())
	t.Cleanup(func() {
		for _, a := range w.agents {
			if a.process.running() {
				killTree(a.process.pid())
			}
		}
		if w.coordinator.running() {
			killTree(w.coordinator.pid())
		}
		if t.Failed() {
			t.Logf("%s", tailOf(w.said.String(), 60000))
		}
	})
	return w
}

// tailOf is the end of a text.
func tailOf(s string, n int) string { return s[max(0, len(s)-n):] }

func (w *machinesWorld) path(name string) string { return filepath.Join(w.dir, name) }

func (w *machinesWorld) write(t *testing.T, name, text string) {
	t.Helper()
	// All of it at once: a machine may be at work meanwhile, and an empty script does nothing and succeeds.
	if err := os.WriteFile(w.path(name+".new"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(w.path(name+".new"), w.path(name)); err != nil {
		t.Fatal(err)
	}
}

// named has each line that a process says begin with its name.
type named struct {
	name string
	to   *lockedBuffer
}

func (n named) Write(p []byte) (int, error) {
	stamp := time.Now().Format("05.000")
	for line := range strings.Lines(string(p)) {
		_, _ = n.to.Write([]byte(stamp + " " + n.name + " " + line))
	}
	return len(p), nil
}

// command makes a command of brood with a state of its own.
func (w *machinesWorld) command(t *testing.T, state string, args ...string) *exec.Cmd {
	cmd := asBrood(t, args...)
	cmd.Dir, cmd.Env = w.dir, append(os.Environ(), "BROOD_STATE="+w.path(state), "EFFECTS_LOG="+w.path("log"), "GATES="+w.dir, "MACHINE="+state)
	cmd.Stderr = named{state, &w.said}
	return cmd
}

func (w *machinesWorld) start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: cmd, done: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait(); close(p.done) }()
	return p
}

// brood runs a command of the coordinator's to its end, which must have one of the exit statuses, and returns what it has printed.
func (w *machinesWorld) brood(t *testing.T, codes []int, args ...string) string {
	t.Helper()
	cmd := w.command(t, "hub", args...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if !slices.Contains(codes, cmd.ProcessState.ExitCode()) {
		t.Fatalf("brood %q: %v, want one of %v\n%s", args, err, codes, stderr.String())
	}
	return out.String()
}

// run is the command that begins the run, which is called q, with more arguments before the command of its records.
func (w *machinesWorld) run(more ...string) []string {
	args := []string{
		"run", "exec", w.path("in.csv"), "--run", "q", "--effect", w.effect, "-o", w.path("q.csv"),
		"--progress", "never", "--no-guard", "--retries", "5", "--max-crashes", "1000", "--backoff", "1ms..20ms",
	}
	return append(append(append(args, w.args...), more...), "--", w.shell, w.path("job.sh"), w.column)
}

// begin begins the run, or resumes it if it has begun.
func (w *machinesWorld) begin(t *testing.T) {
	t.Helper()
	w.write(t, "job.sh", w.script)
	args := []string{"resume", "q", "--progress", "never"}
	if w.brood(t, []int{0, 2}, "status", "q") == "" {
		args = w.run("-j", "0", "--listen", w.addr, "--machine-lease", w.lease)
	}
	w.coordinator = w.start(t, w.command(t, "hub", args...))
}

// machine makes a machine that may join, and has it join.
func (w *machinesWorld) machine(t *testing.T, slots int) *agentOf {
	t.Helper()
	i := len(w.agents)
	a := &agentOf{w: w, name: fmt.Sprint("m", i+1), slots: slots}
	a.cable = newCable(t, fmt.Sprint("127.0.0.", i+2), w.addr)
	w.write(t, a.name+".token", w.brood(t, fine, "token", "q", a.name))
	w.agents = append(w.agents, a)
	a.begin(t)
	return a
}

// begin has it join.
func (a *agentOf) begin(t *testing.T, more ...string) {
	t.Helper()
	args := []string{"join", a.cable.Addr().String(), "--token-file", a.w.path(a.name + ".token"), "-j", strconv.Itoa(a.slots)}
	cmd := a.w.command(t, a.name, append(args, more...)...)
	a.process = a.w.start(t, cmd)
}

// lines counts the effects so far.
func (w *machinesWorld) lines() int {
	b, _ := os.ReadFile(w.path("log"))
	return bytes.Count(b, []byte("\n"))
}

// rows are those of the results, by the names of their columns, in the order of the file.
func (w *machinesWorld) rows(t *testing.T) []map[string]string {
	t.Helper()
	f, err := os.Open(w.path("q.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range all[1:] {
		row := make(map[string]string, len(r))
		for i, v := range r {
			row[all[0][i]] = v
		}
		out = append(out, row)
	}
	return out
}

// status is what brood status says of the run.
func (w *machinesWorld) status(t *testing.T) (s runTotals) {
	t.Helper()
	if err := json.Unmarshal([]byte(w.brood(t, fine, "status", "q", "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// fails reports whether a record is one that is refused.
func fails(n int) bool { return n%100 == 57 }

// check compares the results with what was done: each record is there once, in order; what is ok was done, once if that is promised, and
// has its value; what was refused was not done; what is unknown was done once at most. It returns how many are unknown.
func (w *machinesWorld) check(t *testing.T) (unknown int) {
	t.Helper()
	done := doneOf(t, w.path("log"))
	rows := w.rows(t)
	if len(rows) != w.records {
		t.Errorf("%d rows, want %d", len(rows), w.records)
	}
	for i, r := range rows {
		seq := strconv.Itoa(i)
		if r["_seq"] != seq || r["n"] != seq {
			t.Fatalf("row %d is of record %s: %v", i, r["_seq"], r)
		}
		n, want := done[seq], "ok"
		if fails(i) {
			want = "failed"
		}
		if r["_status"] == "unknown" && w.effect != "none" {
			unknown++
			want = "unknown"
		}
		switch {
		case r["_status"] != want,
			want == "ok" && (n == 0 || r["stdout"] != "r"+seq),
			want == "ok" && n != 1 && w.effect == "once",
			want == "failed" && n != 0,
			want == "unknown" && (n > 1 && w.effect == "once" || w.effect == "keyed"):
			t.Errorf("record %s is %s, %q, and was done %d times", seq, r["_status"], r["stdout"], n)
		}
	}
	w.brood(t, fine, "verify", "q")
	return unknown
}
