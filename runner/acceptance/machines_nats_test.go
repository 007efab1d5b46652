package acceptance

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// TestMachinesNATSLogin has machines meet at a NATS cluster that lets in who has a password, or a token: from the address, from a file, or from the
// environment. None of it is kept, or said.
func TestMachinesNATSLogin(t *testing.T) {
	t.Parallel()
	const secret = "pa55-w0rd"
	for name, c := range map[string]struct {
		options   server.Options
		who       string // before the address
		file, env bool
	}{
		"user":     {server.Options{Username: "ann", Password: secret}, "ann:" + secret + "@", false, false},
		"file":     {server.Options{Username: "ann", Password: secret}, "ann@", true, false},
		"variable": {server.Options{Authorization: secret}, "", false, true},
		"token":    {server.Options{Authorization: secret}, secret + "@", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newNATS(t, &c.options)
			w := newMachinesWorld(t, 20, "once")
			w.script = "echo \"$1 $BROOD_KEY\" >>\"$EFFECTS_LOG\"\necho \"r$1${BROOD_NATS_PASSWORD+ seen}\"\n"
			w.write(t, "job.sh", w.script)
			w.write(t, "word", secret+"\n")
			url := []string{"--nats", "nats://" + c.who + s.Addr().String()}
			if c.file {
				url = append(url, "--nats-password-file", w.path("word"))
			}
			begin := func(state string, args ...string) *process {
				cmd := w.command(t, state, args...)
				if c.env {
					cmd.Env = append(cmd.Env, "BROOD_NATS_PASSWORD="+secret)
				}
				return w.start(t, cmd)
			}
			if p := begin("other", "join", "--nats", "nats://"+s.Addr().String(), "--run", "q", "--lost-after", "1s"); !c.env && p.await(t) == 0 {
				t.Error("who says nothing was let in")
			}
			w.coordinator = begin("hub", w.run(append(url, "-j", "0")...)...)
			m := begin("m1", append([]string{"join", "--run", "q", "--machine", "m1", "-j", "2"}, url...)...)
			if code := w.coordinator.await(t); code != 0 {
				t.Errorf("exit status %d", code)
			}
			if code := m.await(t); code != 0 {
				t.Errorf("the machine ends with status %d", code)
			}
			if rows := w.rows(t); len(rows) != 20 || rows[7]["stdout"] != "r7" {
				t.Errorf("%d rows, %v", len(rows), rows[7])
			}
			if strings.Contains(w.said.String(), secret) {
				t.Error("it was said")
			}
			if wantNowhere(t, w.path("hub"), secret) == 0 {
				t.Error("the run has no files")
			}
			wantNowhere(t, w.path("m1"), secret)
		})
	}
}

// wantNowhere checks that no file beneath a directory has a word in it, and counts them.
func wantNowhere(t *testing.T, dir, word string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		n++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(word)) {
			t.Errorf("%s has it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

// TestMachinesLargeRecords has records and answers of some megabytes go by a NATS cluster whose messages have 1 MiB at most, beside short ones.
func TestMachinesLargeRecords(t *testing.T) {
	t.Parallel()
	s := newNATS(t, &server.Options{})
	w := newMachinesWorld(t, 0, "once")
	long := strings.Repeat("a word of it ", 3<<20/13)
	w.write(t, "in.txt", "short\n"+long+"\nshort again\n"+long+"!\nthe end\n")
	w.coordinator = w.start(t, w.command(t, "hub", "run", "echo", w.path("in.txt"), "--run", "q", "-o", w.path("q.txt"), "--progress", "never", "--no-guard",
		"--effect", "once", "-j", "0", "--nats", "nats://"+s.Addr().String()))
	m := w.start(t, w.command(t, "m1", "join", "--run", "q", "--machine", "m1", "-j", "2", "--nats", "nats://"+s.Addr().String()))
	if code := w.coordinator.await(t); code != 0 {
		t.Errorf("exit status %d", code)
	}
	if code := m.await(t); code != 0 {
		t.Errorf("the machine ends with status %d", code)
	}
	in, err := os.ReadFile(w.path("in.txt"))
	out, errOut := os.ReadFile(w.path("q.txt"))
	if err != nil || errOut != nil || !bytes.Equal(in, out) {
		t.Errorf("%d bytes, and %d came back: %v, %v", len(in), len(out), err, errOut)
	}
}

// TestMachinesSmallMessages has a cluster refused that does not carry a piece of what machines are told.
func TestMachinesSmallMessages(t *testing.T) {
	t.Parallel()
	s := newNATS(t, &server.Options{MaxPayload: 256 << 10})
	w := newMachinesWorld(t, 2, "once")
	w.coordinator = w.start(t, w.command(t, "hub", w.run("-j", "0", "--nats", "nats://"+s.Addr().String())...))
	if code := w.coordinator.await(t); code == 0 || !strings.Contains(w.said.String(), "have its max_payload raised") {
		t.Errorf("exit status %d", code)
	}
}

// newNATS begins a NATS server for a test.
func newNATS(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	o.Host, o.Port, o.JetStream, o.StoreDir, o.NoSigs, o.NoLog = "127.0.0.1", server.RANDOM_PORT, true, t.TempDir(), true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not begin")
	}
	return s
}

// TestMachinesLargeTemplate has a template of 3 MiB reach a machine by a NATS cluster whose messages have 1 MiB at most: it is in the run's configuration.
func TestMachinesLargeTemplate(t *testing.T) {
	t.Parallel()
	s := newNATS(t, &server.Options{})
	var mu sync.Mutex
	var sizes []int64
	far := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		sizes = append(sizes, n)
	}))
	defer far.Close()
	w := newMachinesWorld(t, 2, "once")
	w.write(t, "big.json", `{"n": {n}, "text": "`+strings.Repeat("a line of it. ", 3<<20/14)+`"}`)
	w.coordinator = w.start(t, w.command(t, "hub", "run", "http", w.path("in.csv"), "--run", "q", "-o", w.path("q.csv"), "--progress", "never", "--no-guard",
		"--url", far.URL, "--json", "@"+w.path("big.json"), "-j", "0", "--nats", "nats://"+s.Addr().String()))
	m := w.start(t, w.command(t, "m1", "join", "--run", "q", "--machine", "m1", "-j", "1", "--nats", "nats://"+s.Addr().String()))
	if code := w.coordinator.await(t); code != 0 {
		t.Errorf("exit status %d", code)
	}
	if code := m.await(t); code != 0 {
		t.Errorf("the machine ends with status %d", code)
	}
	if mu.Lock(); len(sizes) != 2 || sizes[0] < 3<<20-100 {
		t.Errorf("bodies of %v bytes", sizes)
	}
	mu.Unlock()
}
