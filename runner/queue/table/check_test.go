package table

import (
	"brood/runner/queue"
	"fmt"
	"os"
	"strings"
	"testing"
)

// findings are all of a level, as text.
func findings(t *testing.T, c *client, level queue.Level) string {
	t.Helper()
	found, err := c.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range found {
		if f.Level == level {
			out = append(out, f.Text+" | "+f.Do)
		}
	}
	return strings.Join(out, "\n")
}

// testCheck: what is missing is said with the SQL for it, which helps; and nothing is changed by the look.
func testCheck(t *testing.T, p *place) {
	name := p.table(t, strings.Split(p.full, ", KEY")[0])
	p.do(t, "INSERT INTO "+name+" (id, status) VALUES (1, 'new'), (2, 'running')")
	c := open(t, p.spec(t, name, "me"))
	fine := findings(t, c, queue.Fine)
	for _, want := range []string{"columns: id is id (", "a job has: id, name", "READ COMMITTED", "plan of a claim: "} {
		if !strings.Contains(fine, want) {
			t.Errorf("%q is not in\n%s", want, fine)
		}
	}
	if notes := findings(t, c, queue.Note); !strings.Contains(notes, "1 rows are running and have no lease") {
		t.Error(notes)
	}
	slow := readOnly(t, p, name)
	for _, f := range slow {
		if f.Level == queue.Slow && f.Do != "" {
			p.do(t, f.Do)
		}
		if f.Level == queue.Missing {
			t.Errorf("%+v", f)
		}
	}
	c = open(t, p.spec(t, name, "me"))
	if text := findings(t, c, queue.Slow); text != "" {
		t.Errorf("with the index: %s", text)
	}
	if got := ids(take(t, c, 3)); got != "1" {
		t.Errorf("with the index: %q", got)
	}
	// What a table lacks.
	bare := p.table(t, "id INTEGER PRIMARY KEY, status INTEGER NOT NULL")
	spec := p.spec(t, bare, "me")
	spec.Words = map[string]string{"new": "0", "running": "1", "ok": "2", "failed": "3", "skipped": "", "unknown": ""}
	notes := findings(t, open(t, spec), queue.Note)
	for _, want := range []string{"only one brood", "ADD COLUMN lease_until", "no run_at", "no attempts", "no error", "no result", "no word for unknown: such rows become 3", "no word for skipped: such rows become 2"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is not in\n%s", want, notes)
		}
	}
}

// readOnly looks at a table in a way that shows that nothing was written: over a connection that may not, at a file that stays
// as it is, or at a server that counts.
func readOnly(t *testing.T, p *place, name string) []queue.Finding {
	t.Helper()
	s := p.spec(t, name, "me")
	state := func() string { return "" }
	switch s.URL.Scheme {
	case queue.Postgres:
		s.URL.Query.Set("options", "-c default_transaction_read_only=on")
	case queue.MySQL:
		state = func() string {
			return p.row(t, "SELECT SUM(variable_value) FROM information_schema.global_status WHERE variable_name IN ('HANDLER_WRITE', 'HANDLER_UPDATE', 'HANDLER_DELETE')")
		}
	default:
		state = func() string {
			file, err := os.ReadFile(s.URL.Path)
			if err != nil {
				t.Fatal(err)
			}
			return string(file)
		}
	}
	c := open(t, s)
	before := state()
	found, err := c.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if state() != before {
		t.Error("the look has changed something")
	}
	if _, err := c.Take(t.Context(), 1, 0); err == nil && state() == before {
		t.Error("what is taken changes nothing either, so that says nothing")
	}
	p.do(t, "UPDATE "+name+" SET status = 'new', owner = NULL, lease_until = NULL, attempts = 0 WHERE id = 1")
	return found
}

// testPut: fields go into the columns of their names, the rest is as the queue wants it.
func testPut(t *testing.T, p *place) {
	name := p.table(t, p.full)
	c := open(t, p.spec(t, name, "me"))
	four := uint32(4)
	puts := []queue.Put{
		{Fields: []string{"id", "name"}, Values: []string{"7", "a'b"}},
		{Fields: []string{"id", "name"}, Values: []string{"8", ""}},
		{Fields: []string{"name", "id"}, Values: []string{"c", "9"}, Priority: &four},
		{Body: []byte(`{"id": 10, "name": "{\"x\"}", "error": null}`), Delay: 1800e9},
	}
	if n, err := c.Put(t.Context(), puts); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	order := c.cols.order.quoted(p)
	if is := p.row(t, "SELECT id, status, name, "+order+", CASE WHEN run_at IS NULL THEN 0 ELSE 1 END FROM "+name+" ORDER BY id"); is != `7 new a'b 0 0; 8 new  0 0; 9 new c 4 0; 10 new {"x"} 0 1` {
		t.Error(is)
	}
	if got := ids(take(t, c, 9)); got != "7 8 9" {
		t.Errorf("taken %s", got)
	}
	for want, put := range map[string]queue.Put{
		`no column "colour"`: {Fields: []string{"colour"}, Values: []string{"red"}}, "a row is made of fields": {Body: []byte("line")}, "there twice": {Body: []byte(`{"name":"a","name":"b"}`)},
	} {
		if n, err := c.Put(t.Context(), []queue.Put{{Fields: []string{"name"}, Values: []string{"x"}}, put}); n != 1 || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d %v", want, n, err)
		}
	}
	strict := p.table(t, "id INTEGER PRIMARY KEY, status VARCHAR(9) NOT NULL, attempts INTEGER NOT NULL, owner VARCHAR(9) NOT NULL, error VARCHAR(9) NOT NULL, x INTEGER")
	c = open(t, p.spec(t, strict, "me"))
	if n, err := c.Put(t.Context(), []queue.Put{{Fields: []string{"id", "x"}, Values: []string{"1", ""}}}); n != 1 || err != nil {
		t.Error(n, err)
	}
	job := take(t, c, 1)[0]
	if err := tell(t, c, job, queue.Answer{Verb: queue.Later}); err != nil || string(job.Body) != `{"id":1,"x":null}` {
		t.Errorf("%s %v", job.Body, err)
	}
	if is := p.row(t, "SELECT status, attempts, owner, error FROM "+strict); is != "new 1  " {
		t.Errorf("%q", is)
	}
}

func testStats(t *testing.T, p *place) {
	name := p.table(t, p.full)
	for i, status := range []string{"new", "new", "running", "running", "ok", "skipped", "failed", "unknown", "odd"} {
		p.do(t, fmt.Sprintf("INSERT INTO %s (id, status) VALUES (%d, '%s')", name, i+1, status))
	}
	c := open(t, p.spec(t, name, "me"))
	p.do(t, "UPDATE "+name+" SET "+p.old+" WHERE id = 3")
	take(t, c, 1)
	if err := tell(t, c, &queue.Job{ID: "1", Token: "1", Hold: int64(1)}, queue.Answer{Verb: queue.Later, After: 3600e9}); err != nil {
		t.Fatal(err)
	}
	if s, err := c.Stats(t.Context()); err != nil || s != (queue.Stats{Ready: 2, Delayed: 1, InHand: 1, Parked: 1, Done: 2, Failed: 1, Takers: -1}) {
		t.Errorf("%+v %v", s, err)
	}
}
