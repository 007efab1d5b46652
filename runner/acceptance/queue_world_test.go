package acceptance

import (
	"brood/runner/queue/queuetest"
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
)

// queuePlace is a queue of one kind, on a server that was started for the test.
type queuePlace struct {
	name   string
	url    string
	server *queuetest.Server // nil: there is none to kill
	db     *sql.DB           // of a table
	lease  []string          // of brood run, and of brood queue put
	put    []string
}

// queueKinds are the kinds there are, by name.
var queueKinds = map[string]func(*testing.T) *queuePlace{
	"beanstalkd": func(t *testing.T) *queuePlace {
		s := queuetest.StartBeanstalkd(t, true)
		return &queuePlace{name: "beanstalkd", url: "beanstalk://" + s.Addr + "/jobs", server: s, put: []string{"--ttr", "2s"}}
	},
	"gearmand": func(t *testing.T) *queuePlace {
		s := queuetest.StartGearmand(t, true)
		return &queuePlace{name: "gearmand", url: "gearman://" + s.Addr + "/jobs", server: s}
	},
	"mariadb": func(t *testing.T) *queuePlace {
		s := queuetest.StartMariaDB(t)
		p := &queuePlace{name: "mariadb", url: "mysql://" + s.User + "@" + s.Addr + "/test?table=jobs", server: s, lease: []string{"--lease", "2s"}}
		p.open(t, "mysql", s.User+"@tcp("+s.Addr+")/test", "CREATE TABLE jobs (id BIGINT AUTO_INCREMENT PRIMARY KEY, status VARCHAR(10) NOT NULL DEFAULT 'new', run_at DATETIME(6), attempts INT NOT NULL DEFAULT 0, owner VARCHAR(100), lease_until DATETIME(6), error VARCHAR(200), result TEXT, n INT, kind VARCHAR(20), KEY (status, id))")
		return p
	},
	"postgres": func(t *testing.T) *queuePlace {
		s := queuetest.StartPostgres(t)
		url := "postgres://" + s.User + "@" + s.Addr + "/postgres?sslmode=disable"
		p := &queuePlace{name: "postgres", url: url + "&table=jobs", server: s, lease: []string{"--lease", "2s"}}
		p.open(t, "pgx", url, "CREATE TABLE jobs (id bigserial PRIMARY KEY, status varchar(10) NOT NULL DEFAULT 'new', run_at timestamptz, attempts int NOT NULL DEFAULT 0, owner text, lease_until timestamptz, error text, result text, n int, kind text)")
		return p
	},
	"sqlite": func(t *testing.T) *queuePlace {
		path := filepath.Join(t.TempDir(), "queue.db")
		p := &queuePlace{name: "sqlite", url: "sqlite:" + path + "?table=jobs", lease: []string{"--lease", "2s"}}
		p.open(t, "sqlite", "file:"+path+"?_pragma=busy_timeout(1000)", "CREATE TABLE jobs (id INTEGER PRIMARY KEY, status TEXT NOT NULL DEFAULT 'new', run_at TEXT, attempts INTEGER NOT NULL DEFAULT 0, owner TEXT, lease_until TEXT, error TEXT, result TEXT, n INTEGER, kind TEXT)")
		return p
	},
}

func (p *queuePlace) open(t *testing.T, driver, dsn, create string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Exec(create); err != nil {
		t.Fatal(err)
	}
	p.db = db
}

// queueWorld is a queue with jobs, what works on it, and what is seen of that from outside.
type queueWorld struct {
	*queuePlace
	dir    string
	effect string
	args   []string // of every brood run besides
	slots  int
}

// queueScript does a job whose number and kind it is given, and says so in a file: "ask" when it is not begun yet, "begin" and
// "end". A job that crashes takes its worker with it, the first time; a long one takes longer than its lease.
const queueScript = `n=$1
if [ "$2" = retry ] && [ "$BROOD_ATTEMPT" -lt 2 ]; then
	echo "ask $n $$" >>"$EFFECTS_LOG"
	exit 75
fi
echo "begin $n $$" >>"$EFFECTS_LOG"
case $2 in
fail) exit 65 ;;
crash) if mkdir "$EFFECTS_LOG.$n" 2>/dev/null; then kill -9 $PPID; exec sleep 60; fi ;;
long) sleep 2.6 ;;
slow) sleep 0.1 ;;
esac
echo "end $n $$" >>"$EFFECTS_LOG"
`

func newQueueWorld(t *testing.T, p *queuePlace, effect string) *queueWorld {
	t.Helper()
	w := &queueWorld{queuePlace: p, dir: t.TempDir(), effect: effect, slots: 4}
	if err := os.WriteFile(w.path("job.sh"), []byte(queueScript), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *queueWorld) path(name string) string { return filepath.Join(w.dir, name) }

// environ is that of every brood.
func (w *queueWorld) environ() []string {
	return append(os.Environ(), "BROOD_STATE="+w.path("state"), "EFFECTS_LOG="+w.path("log"))
}

// run is a session that works the queue off.
func (w *queueWorld) run(t *testing.T, name string, args ...string) *exec.Cmd {
	all := []string{"run", "exec", "--run", name, "--effect", w.effect, "--fields", "n,kind", "-j", strconv.Itoa(w.slots), "-o", w.path(name + ".jsonl"), "--progress", "never", "--no-guard"}
	all = append(append(append(all, w.lease...), w.args...), args...)
	cmd := asBrood(t, append(all, w.url, "--", "sh", w.path("job.sh"), "{n}", "{kind}")...)
	cmd.Dir, cmd.Env, cmd.Stderr = w.dir, w.environ(), &lockedBuffer{}
	return cmd
}

// brood runs a command of brood to its end, which must have one of the exit statuses, and returns what it has printed.
func (w *queueWorld) brood(t *testing.T, codes []int, args ...string) string {
	t.Helper()
	cmd := asBrood(t, args...)
	var out, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, w.environ(), &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for _, code := range codes {
		if cmd.ProcessState.ExitCode() == code {
			return out.String()
		}
	}
	t.Fatalf("brood %q: exit status %d, want one of %v\n%s", args, cmd.ProcessState.ExitCode(), codes, stderr.String())
	return ""
}

var fine = []int{0}

// queueJob is a job as it was put.
type queueJob struct {
	N    int    `json:"n"`
	Kind string `json:"kind"`
}

// fill puts jobs.
func (w *queueWorld) fill(t *testing.T, list []queueJob) {
	t.Helper()
	var b bytes.Buffer
	for _, j := range list {
		fmt.Fprintf(&b, `{"n":%d,"kind":%q}`+"\n", j.N, j.Kind)
	}
	path := w.path("put.jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	all := append([]string{"queue", "put"}, w.put...)
	w.brood(t, fine, append(all, w.url, path)...)
}

// plain are n jobs of a kind, from a number on.
func plain(from, n int, kind string) []queueJob {
	list := make([]queueJob, n)
	for i := range list {
		list[i] = queueJob{N: from + i, Kind: kind}
	}
	return list
}

// queueStats are what brood queue stats --json says.
type queueStats struct {
	Ready   int `json:"ready"`
	Delayed int `json:"delayed"`
	InHand  int `json:"in_hand"`
	Parked  int `json:"parked"`
	Done    int `json:"done"`
	Failed  int `json:"failed"`
}

func (w *queueWorld) stats(t *testing.T) (s queueStats) {
	t.Helper()
	if err := json.Unmarshal([]byte(w.brood(t, fine, "queue", "stats", "--json", w.url)), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// seen is what was seen of each job from outside.
type seen struct{ asked, begun, ended map[int]int }

func (w *queueWorld) seen(t *testing.T) seen {
	t.Helper()
	b, err := os.ReadFile(w.path("log"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	s := seen{make(map[int]int), make(map[int]int), make(map[int]int)}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) != 3 {
			t.Fatalf("the log has the line %q", line)
		}
		n, err := strconv.Atoi(f[1])
		if err != nil {
			t.Fatal(err)
		}
		map[string]map[int]int{"ask": s.asked, "begin": s.begun, "end": s.ended}[f[0]][n]++
	}
	return s
}

// lines counts what was seen so far.
func (w *queueWorld) lines() int {
	b, _ := os.ReadFile(w.path("log"))
	return bytes.Count(b, []byte("\n"))
}

// queueRow is a delivery in the results.
type queueRow struct {
	N      json.Number `json:"n"`
	Job    string      `json:"_job"`
	Seq    int         `json:"_seq"`
	Status string      `json:"_status"`
	Class  string      `json:"_class"`
	Error  string      `json:"_error"`
}

// number is that of its job.
func (r *queueRow) number() int {
	n, err := strconv.Atoi(r.N.String())
	if err != nil {
		return -1
	}
	return n
}

// rows are the deliveries of a run, in the order of its ledger's numbers.
func (w *queueWorld) rows(t *testing.T, name string) []queueRow {
	t.Helper()
	b, err := os.ReadFile(w.path(name + ".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []queueRow
	bySeq := make(map[int]bool)
	for line := range strings.Lines(string(b)) {
		var r queueRow
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if bySeq[r.Seq] {
			t.Errorf("record %d is in the results twice", r.Seq)
		}
		bySeq[r.Seq] = true
		out = append(out, r)
	}
	return out
}

// replies are how many deliveries the ledger has by what came of their answers.
func (w *queueWorld) replies(t *testing.T, name string) map[string]int {
	t.Helper()
	return w.counted(t, filepath.Join(w.path("state"), "runs", name, "ledger.db"), "SELECT answered, count(*) FROM deliveries GROUP BY answered")
}

// counted reads a query of words and counts, of a SQLite file.
func (w *queueWorld) counted(t *testing.T, path, query string) map[string]int {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	return countedIn(t, db, query)
}

func countedIn(t *testing.T, db *sql.DB, query string) map[string]int {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := make(map[string]int)
	for rows.Next() {
		var word string
		var n int
		if err := rows.Scan(&word, &n); err != nil {
			t.Fatal(err)
		}
		out[word] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// runTotals are what brood status --json says of a run.
type runTotals struct {
	State   string `json:"state"`
	Input   int    `json:"input"`
	OK      int    `json:"ok"`
	Failed  int    `json:"failed"`
	Skipped int    `json:"skipped"`
	Unknown int    `json:"unknown"`
	Pending int    `json:"pending"`
}

func (w *queueWorld) status(t *testing.T, name string) (s runTotals) {
	t.Helper()
	if err := json.Unmarshal([]byte(w.brood(t, fine, "status", name, "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}
