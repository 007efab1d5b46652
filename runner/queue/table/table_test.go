package table

import (
	"brood/jobs"
	"brood/runner/queue"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// place is a database, as the tests see it from outside.
type place struct {
	url string // without a table
	db  *sql.DB
	// full is what a table has that has everything.
	full string
	// old makes a lease one that was over an hour ago, and due the run_at of one that was later.
	old, due string
	loose    bool // it holds nobody to the length of a column
	kinds    []kindOf
	made     atomic.Int64
}

// table makes a table.
func (p *place) table(t testing.TB, columns string) string {
	t.Helper()
	name := fmt.Sprintf("jobs_%d", p.made.Add(1))
	p.do(t, "CREATE TABLE "+name+" ("+columns+")")
	return name
}

func (p *place) do(t testing.TB, query string) int64 {
	t.Helper()
	did, err := p.db.Exec(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	n, _ := did.RowsAffected()
	return n
}

// row is what a question has for an answer, as text.
func (p *place) row(t *testing.T, query string) string {
	t.Helper()
	rows, err := p.db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	columns, _ := rows.Columns()
	for rows.Next() {
		cells, to := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			to[i] = &cells[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, c := range cells {
			if !c.Valid {
				c.String = "-"
			}
			words = append(words, c.String)
		}
		out = append(out, strings.Join(words, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "; ")
}

func (p *place) spec(t testing.TB, table, owner string) queue.Spec {
	t.Helper()
	sep := "?"
	if strings.Contains(p.url, "?") {
		sep = "&"
	}
	u, err := queue.ParseURL(p.url + sep + "table=" + table)
	if err != nil {
		t.Fatal(err)
	}
	return queue.Spec{URL: u, Owner: owner, Lease: time.Minute, Poll: 10 * time.Millisecond}
}

func open(t testing.TB, s queue.Spec) *client {
	t.Helper()
	c, err := Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c.(*client)
}

func take(t *testing.T, c *client, n int) []*queue.Job {
	t.Helper()
	jobs, err := c.Take(t.Context(), n, 0)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

func ids(jobs []*queue.Job) string {
	var out []string
	for _, j := range jobs {
		out = append(out, j.ID)
	}
	return strings.Join(out, " ")
}

// tell answers one job, and says what came of it.
func tell(t *testing.T, c *client, job *queue.Job, a queue.Answer) error {
	t.Helper()
	a.ID, a.Token, a.Job = job.ID, job.Token, job
	return c.Answer(t.Context(), []queue.Answer{a})[0]
}

// sqlitePlace is a file.
func sqlitePlace(t testing.TB) *place {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jobs.db")
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p := &place{
		kinds: sqliteKinds,
		url:   "sqlite:" + path, db: db,
		full: `id INTEGER PRIMARY KEY, status TEXT NOT NULL DEFAULT 'new', run_at TEXT, attempts INTEGER NOT NULL DEFAULT 0, owner TEXT, lease_until TEXT, error TEXT, result TEXT, "order" INTEGER NOT NULL DEFAULT 0, name TEXT`,
		old:  "lease_until = datetime('now', '-1 hour')", due: "run_at = datetime('now', '-1 hour')", loose: true,
	}
	p.do(t, "CREATE TABLE other (a)")
	return p
}

// everywhere is what holds of all databases.
func everywhere(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"way": testWay, "lost": testLost, "own": testOwn, "order": testOrder, "expired": testExpired, "two": testTwo, "single": testSingle, "words": testWords, "parked": testParked, "mistakes": testMistakes,
		"kinds": testKinds, "times": testTimes, "check": testCheck, "put": testPut, "stats": testStats,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
}

// testWay: what each answer makes of a row.
func testWay(t *testing.T, p *place) {
	name := p.table(t, p.full)
	p.do(t, "INSERT INTO "+name+" (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e'), (6, 'f')")
	c := open(t, p.spec(t, name, "me"))
	got := take(t, c, 6)
	if ids(got) != "1 2 3 4 5 6" || string(got[1].Body) != `{"id":2,"name":"b"}` || got[0].Lease != time.Minute || got[0].Tries != 0 || got[0].Doubt {
		t.Fatalf("%s %s %+v", ids(got), got[1].Body, got[0])
	}
	if !slices.Equal(c.Traits().Columns, []string{"id", "name"}) || !c.Traits().Delays || !c.Traits().Results || c.Traits().Single {
		t.Errorf("%+v", c.Traits())
	}
	answers := []queue.Answer{
		{Verb: queue.Done, Result: json.RawMessage(`{"x":1}`)},
		{Verb: queue.Done, Status: jobs.StatusSkipped, Error: "it is old"},
		{Verb: queue.Failed, Error: "no\x00 such \xffone"},
		{Verb: queue.Later, After: time.Hour, Error: "busy"},
		{Verb: queue.Park, Error: "nobody knows"},
	}
	for i := range answers {
		answers[i].ID, answers[i].Job = got[i].ID, got[i]
	}
	for range 2 { // the second time it is as it was
		for i, err := range c.Answer(t.Context(), answers) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		want := `1 ok 1 me - {"x":1}; 2 skipped 1 me it is old -; 3 failed 1 me no` + "\uFFFD such \uFFFDone" + ` -; 4 new 1 - busy -; 5 unknown 1 me nobody knows -; 6 running 1 me - -`
		if is := p.row(t, "SELECT id, status, attempts, owner, error, result FROM "+name+" ORDER BY id"); is != want {
			t.Errorf("\n%s\n%s", is, want)
		}
	}
	if err := c.Return(t.Context(), got[5:]); err != nil {
		t.Error(err)
	}
	if again := take(t, c, 9); ids(again) != "6" || again[0].Tries != 0 {
		t.Errorf("returned: %s", ids(again))
	}
	p.do(t, "UPDATE "+name+" SET "+p.due+" WHERE id = 4")
	if again := take(t, c, 9); ids(again) != "4" || again[0].Tries != 1 || again[0].Doubt {
		t.Errorf("later: %s", ids(again))
	}
}

// testOwn: of a job in doubt it is said whether it was this owner who had it, and what came before that.
func testOwn(t *testing.T, p *place) {
	name := p.table(t, p.full)
	p.do(t, "INSERT INTO "+name+" (id) VALUES (1)")
	a, b := open(t, p.spec(t, name, "a")), open(t, p.spec(t, name, "b"))
	var last *queue.Job
	next := func(c *client, doubt, own bool, silent, before string) {
		t.Helper()
		p.do(t, "UPDATE "+name+" SET "+p.old+" WHERE status = 'running'")
		jobs := take(t, c, 1)
		if len(jobs) != 1 {
			t.Fatalf("%d jobs", len(jobs))
		}
		last = jobs[0]
		if last.Doubt != doubt || last.Own != own || last.Silent != silent || last.Before != before {
			t.Errorf("%+v", last)
		}
	}
	if !a.Traits().Names {
		t.Error("it does not say whose a job is")
	}
	next(a, false, false, "", "")
	next(a, true, true, "1", "")
	next(a, true, true, "2", "1")
	next(b, true, false, "", "")
	next(a, true, false, "", "") // it was another's
	if err := tell(t, a, last, queue.Answer{Verb: queue.Later}); err != nil {
		t.Fatal(err)
	}
	next(a, false, false, "", "") // it is new again
	next(a, true, true, "6", "5")
}

// testLost: what is another's, or nobody's, is said.
func testLost(t *testing.T, p *place) {
	name := p.table(t, p.full)
	p.do(t, "INSERT INTO "+name+" (id) VALUES (1), (2), (3), (4)")
	a, b := open(t, p.spec(t, name, "a")), open(t, p.spec(t, name, "b"))
	got := take(t, a, 4)
	p.do(t, "UPDATE "+name+" SET "+p.old+" WHERE id <= 2")
	other := take(t, b, 1)
	if ids(other) != "1" || !other[0].Doubt || other[0].Tries != 0 {
		t.Fatalf("%+v", other)
	}
	p.do(t, "DELETE FROM "+name+" WHERE id = 3")
	if errs := a.Renew(t.Context(), got); errs[0] != queue.ErrLost || errs[1] != nil || errs[2] != queue.ErrLost || errs[3] != nil {
		t.Errorf("renewed: %v", errs)
	}
	if jobs := take(t, b, 9); len(jobs) != 0 {
		t.Errorf("renewed, and taken: %s", ids(jobs))
	}
	for i, want := range []error{queue.ErrLost, nil, queue.ErrGone, nil} {
		if err := tell(t, a, got[i], queue.Answer{Verb: queue.Done}); !errors.Is(err, want) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
	if err := tell(t, b, other[0], queue.Answer{Verb: queue.Done}); err != nil {
		t.Error(err)
	}
	// Of an earlier session: by the token, also when the lease is over, while nobody has it.
	p.do(t, "UPDATE "+name+" SET status = 'new'")
	got = take(t, a, 2)
	p.do(t, "UPDATE "+name+" SET "+p.old)
	later := open(t, p.spec(t, name, "a"))
	answer := func(token string) error {
		return later.Answer(t.Context(), []queue.Answer{{ID: got[0].ID, Token: token, Verb: queue.Done}})[0]
	}
	if err := answer(got[0].Token + "0"); !errors.Is(err, queue.ErrLost) {
		t.Errorf("another delivery's: %v", err)
	}
	if err := answer("x"); err == nil || errors.Is(err, queue.ErrLost) {
		t.Errorf("no token: %v", err)
	}
	if err := answer(got[0].Token); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"99", "no number", ""} {
		if err := later.Answer(t.Context(), []queue.Answer{{ID: id, Token: "1"}})[0]; !errors.Is(err, queue.ErrGone) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func testOrder(t *testing.T, p *place) {
	name := p.table(t, p.full)
	p.do(t, "INSERT INTO "+name+" (id, name) VALUES (1, 'x'), (2, 'x'), (3, 'x'), (4, 'x')")
	spec := p.spec(t, name, "me")
	p.do(t, "UPDATE "+name+" SET "+open(t, spec).cols.order.quoted(p)+" = CASE id WHEN 1 THEN 9 WHEN 4 THEN -1 ELSE 5 END")
	if got := ids(take(t, open(t, spec), 3)); got != "4 2 3" {
		t.Error(got)
	}
}

func (c *column) quoted(p *place) string {
	if strings.HasPrefix(p.url, "mysql") {
		return "`" + c.name + "`"
	}
	return `"` + c.name + `"`
}

// testExpired: a lease that is over is taken by whoever comes, by the database's clock, also when there is enough that is new.
func testExpired(t *testing.T, p *place) {
	name := p.table(t, p.full)
	p.do(t, "INSERT INTO "+name+" (id) VALUES (1), (2), (3), (4), (5), (6)")
	a := open(t, p.spec(t, name, "a"))
	take(t, a, 1)
	p.do(t, "UPDATE "+name+" SET "+p.old+" WHERE id = 1")
	b := open(t, p.spec(t, name, "b"))
	clock := time.Unix(1e9, 0)
	b.now = func() time.Time { return clock }
	b.looked = clock
	if got := ids(take(t, b, 1)); got != "2" {
		t.Errorf("too soon: %s", got)
	}
	clock = clock.Add(time.Hour)
	take(t, b, 1)
	if b.looked != clock {
		t.Error("nobody has looked")
	}
	got := take(t, b, 9)
	if ids(got) != "4 5 6 1" || !got[3].Doubt || got[0].Doubt {
		t.Errorf("%s %+v", ids(got), got)
	}
	if p.row(t, "SELECT attempts, owner FROM "+name+" WHERE id = 1") != "2 b" {
		t.Error(p.row(t, "SELECT * FROM "+name))
	}
}

// testTwo: of many who take at the same time, each job is one's.
func testTwo(t *testing.T, p *place) {
	name := p.table(t, p.full)
	const n = 200
	var values []string
	for i := range n {
		values = append(values, fmt.Sprintf("(%d)", i+1))
	}
	p.do(t, "INSERT INTO "+name+" (id) VALUES "+strings.Join(values, ", "))
	var mu sync.Mutex
	seen := map[string]string{}
	var wg sync.WaitGroup
	for i := range 4 {
		owner := fmt.Sprint("w", i)
		c := open(t, p.spec(t, name, owner))
		wg.Go(func() {
			for {
				got, err := c.Take(t.Context(), 3, 0)
				if err != nil {
					t.Error(err)
					return
				}
				if len(got) == 0 {
					return
				}
				answers := make([]queue.Answer, len(got))
				mu.Lock()
				for i, j := range got {
					if was := seen[j.ID]; was != "" {
						t.Errorf("%s was taken by %s and %s", j.ID, was, owner)
					}
					seen[j.ID] = owner
					answers[i] = queue.Answer{ID: j.ID, Job: j, Verb: queue.Done}
				}
				mu.Unlock()
				for _, err := range c.Answer(t.Context(), answers) {
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if is := p.row(t, "SELECT status, COUNT(*) FROM "+name+" GROUP BY status"); is != fmt.Sprint("ok ", n) || len(seen) != n {
		t.Errorf("%s; %d", is, len(seen))
	}
}

// testSingle: where nobody says whose a row is, the rows that are running at the start come in doubt, each once.
func testSingle(t *testing.T, p *place) {
	name := p.table(t, "id INTEGER PRIMARY KEY, state VARCHAR(9) NOT NULL, x VARCHAR(9)")
	p.do(t, "INSERT INTO "+name+" VALUES (1, 'running', 'a'), (2, 'new', 'b'), (3, 'running', 'c'), (4, 'running', 'd'), (5, 'new', 'e')")
	spec := p.spec(t, name, "me")
	spec.Columns = map[string]string{"status": "state"}
	c := open(t, spec)
	if tr := c.Traits(); !tr.Single || tr.Claim == "" || tr.Delays || tr.Results || tr.Claim != open(t, spec).Traits().Claim {
		t.Errorf("%+v", tr)
	}
	if err := c.Answer(t.Context(), []queue.Answer{{ID: "4", Verb: queue.Done}})[0]; err != nil {
		t.Error(err)
	}
	for _, want := range []string{"1 3", "2 5", ""} {
		got := take(t, c, 2)
		if ids(got) != want {
			t.Fatalf("%s, not %s", ids(got), want)
		}
		for i, j := range got {
			if j.Doubt != (want == "1 3") || j.Lease != 0 || j.Token != "" {
				t.Errorf("%+v", j)
			}
			verb := []queue.Verb{queue.Done, queue.Failed}[i]
			if err := c.Renew(t.Context(), got)[i]; err != nil {
				t.Error(err)
			}
			if err := tell(t, c, j, queue.Answer{Verb: verb}); err != nil {
				t.Error(err)
			}
		}
	}
	if is := p.row(t, "SELECT * FROM "+name+" ORDER BY id"); is != "1 ok a; 2 ok b; 3 failed c; 4 ok d; 5 failed e" {
		t.Error(is)
	}
}

// testWords: the words of others, and numbers.
func testWords(t *testing.T, p *place) {
	for _, typ := range []string{"INTEGER", "VARCHAR(10)"} {
		name := p.table(t, "nr INTEGER PRIMARY KEY, st "+typ+" NOT NULL DEFAULT 0, note VARCHAR(10)")
		p.do(t, "INSERT INTO "+name+" (nr) VALUES (1), (2), (3), (4)")
		spec := p.spec(t, name, "me")
		spec.Columns = map[string]string{"status": "st", "error": "note", "order": ""}
		spec.Words = map[string]string{"new": "0", "running": "1", "ok": "2", "failed": "-3", "skipped": "", "unknown": ""}
		if typ != "INTEGER" {
			spec.Words["skipped"], spec.Words["unknown"] = "4", "5"
		}
		c := open(t, spec)
		got := take(t, c, 4)
		if ids(got) != "1 2 3 4" {
			t.Fatal(ids(got))
		}
		for i, a := range []queue.Answer{{Verb: queue.Done}, {Verb: queue.Failed, Error: "a long text of what was"}, {Verb: queue.Done, Status: jobs.StatusSkipped}, {Verb: queue.Park, Error: "ü"}} {
			if err := tell(t, c, got[i], a); err != nil {
				t.Error(err)
			}
		}
		want := "1 2 -; 2 -3 a long tex; 3 2 -; 4 -3 ü"
		if typ != "INTEGER" {
			want = "1 2 -; 2 -3 a long tex; 3 4 -; 4 5 ü"
		}
		if p.loose {
			want = strings.ReplaceAll(want, "a long tex", "a long text of what was")
		}
		if is := p.row(t, "SELECT nr, st, note FROM "+name+" ORDER BY nr"); is != want {
			t.Errorf("%s: %s", typ, is)
		}
	}
}

// testParked: an unknown row becomes what somebody has decided, by who parked it, and nobody else.
func testParked(t *testing.T, p *place) {
	name := p.table(t, p.full)
	p.do(t, "INSERT INTO "+name+" (id) VALUES (1), (2), (3)")
	c := open(t, p.spec(t, name, "a"))
	got := take(t, c, 3)
	for _, j := range got {
		if err := tell(t, c, j, queue.Answer{Verb: queue.Park}); err != nil {
			t.Error(err)
		}
	}
	if more := take(t, c, 3); len(more) != 0 {
		t.Errorf("parked, and taken: %s", ids(more))
	}
	later := open(t, p.spec(t, name, "a"))
	for i, v := range []queue.Verb{queue.Done, queue.Failed, queue.Later} {
		a := queue.Answer{ID: got[i].ID, Token: got[i].Token, Verb: v}
		if err := open(t, p.spec(t, name, "b")).Answer(t.Context(), []queue.Answer{a})[0]; !errors.Is(err, queue.ErrLost) {
			t.Errorf("somebody else's %s: %v", v, err)
		}
		if err := later.Answer(t.Context(), []queue.Answer{a})[0]; err != nil {
			t.Errorf("%s: %v", v, err)
		}
	}
	if is := p.row(t, "SELECT id, status FROM "+name+" ORDER BY id"); is != "1 ok; 2 failed; 3 new" {
		t.Error(is)
	}
}

// testMistakes: what cannot work is said at once, with what to do.
func testMistakes(t *testing.T, p *place) {
	narrow := p.table(t, "id INTEGER PRIMARY KEY, status VARCHAR(6) NOT NULL")
	two := p.table(t, "a INTEGER, b INTEGER, status VARCHAR(9), PRIMARY KEY (a, b)")
	bare := p.table(t, "id INTEGER PRIMARY KEY, a VARCHAR(9)")
	loose := p.table(t, "id INTEGER, status VARCHAR(9)")
	numbers := p.table(t, "id INTEGER PRIMARY KEY, status INTEGER")
	for _, c := range []struct {
		table, want string
		skip        bool
		with        func(*queue.Spec)
	}{
		{table: "nowhere", want: "there is no table nowhere"},
		{table: two, want: "primary key has 2 columns"},
		{table: bare, want: "which column is the status? the table has id, a"},
		{table: loose, want: "cannot be a job's name"},
		{table: numbers, want: `"new" is no number`},
		{table: narrow, skip: p.loose, want: `room for 6 characters, and not for "running"`},
		{table: bare, want: `no column "x" for status`, with: func(s *queue.Spec) { s.Columns = map[string]string{"status": "x"} }},
		{table: bare, want: `no column "colour"`, with: func(s *queue.Spec) { s.Columns = map[string]string{"status": "a", "colour": "a"} }},
		{table: bare, want: `"done" is no status`, with: func(s *queue.Spec) {
			s.Columns, s.Words = map[string]string{"status": "a"}, map[string]string{"done": "x"}
		}},
		{table: bare, want: "nobody could tell them apart", with: func(s *queue.Spec) {
			s.Columns, s.Words = map[string]string{"status": "a"}, map[string]string{"ok": "running"}
		}},
		{table: bare + "&mod=x", want: "mod= means nothing here"},
	} {
		if c.skip {
			continue
		}
		s := p.spec(t, c.table, "me")
		if c.with != nil {
			c.with(&s)
		}
		got, err := Open(t.Context(), s)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %s", c.table, err, c.want)
		}
		if err == nil {
			_ = got.Close()
		}
	}
}

// isDown: it may be tried again, and no password is in it.
func isDown(err error) bool {
	var down *queue.DownError
	return errors.As(err, &down) && !strings.Contains(err.Error(), "secret")
}
