package pipe

import (
	"brood/jobs"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var lines = &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n"}

func record(seq jobs.Seq, raw string) *jobs.Record {
	return &jobs.Record{Seq: seq, Attempt: 1, Raw: []byte(raw), Shape: lines}
}

// script begins every program here: get reads a request, and leaves its id in $id.
const script = `get() { read -r line || exit 0; id=${line#*'"id":"'}; id=${id%%'"'*}; }
`

// start starts a shell script as the program of a slot.
func start(t *testing.T, program string, change ...func(*config, *jobs.Setup)) *runner {
	t.Helper()
	c := config{Command: []string{"/bin/sh", "-c", script + program}}
	s := jobs.Setup{Shape: lines, Run: "demo", Slot: 3, MaxOutput: 1 << 20, MaxDepth: 1000, Key: jobs.KeySpec{Scope: "demo"}}
	for _, f := range change {
		f(&c, &s)
	}
	var err error
	if s.Config, err = json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	r, err := open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	p := r.(*runner)
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

func do(t *testing.T, r *runner, rec *jobs.Record) (jobs.Result, error) {
	t.Helper()
	var res jobs.Result
	err := r.Do(t.Context(), rec, &res)
	return res, err
}

// TestRequest: what the program gets is a line of JSON with all that it needs, and
// its environment says where it is.
func TestRequest(t *testing.T) {
	r := start(t, `while get; do printf '%s\n' "{\"id\":\"$id\",\"status\":\"ok\",\"result\":{\"got\":$line,\"at\":\"$BROOD_RUN $BROOD_SLOT $BROOD_PIPE\"}}"; done`)
	for i, raw := range []string{"plain", "a \"quoted\"\tone \xff"} {
		rec := record(jobs.Seq(41+i), raw)
		rec.Attempt = 2
		res, err := do(t, r, rec)
		if err != nil || len(res.Values) != 1 || res.Verdict != jobs.VerdictOK {
			t.Fatalf("%+v, %v", res, err)
		}
		var got struct {
			Got struct {
				ID      string
				Seq     int
				Attempt int
				Key     string
				Record  map[string]string
			}
			At string
		}
		if err := json.Unmarshal(res.Values[0], &got); err != nil {
			t.Fatalf("%s: %v", res.Values[0], err)
		}
		g := got.Got
		if want := strings.ToValidUTF8(raw, "\ufffd"); g.ID != string(requestID(nil, rec)) || g.Seq != 41+i || g.Attempt != 2 || g.Record["line"] != want {
			t.Errorf("%+v", g)
		}
		if g.Key != r.setup.Key.Of(rec) || len(g.Key) != 32 || got.At != "demo 3 1" {
			t.Errorf("key %q, at %q", g.Key, got.At)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestAnswers: what the program answers, and what becomes of it.
func TestAnswers(t *testing.T) {
	for answer, want := range map[string]jobs.Result{
		`"status":"ok"`:                               {},
		`"status":"ok","result":null,"more":1`:        {},
		`"status":"ok","class":"c","error":"a note"`:  {Class: "c", Error: "a note"},
		`"status":"skipped"`:                          {Verdict: jobs.VerdictSkipped},
		`"status":"failed","error":"no such address"`: {Verdict: jobs.VerdictFailed, Class: "failed", Error: "no such address"},
		`"status":"failed","class":"policy"`:          {Verdict: jobs.VerdictFailed, Class: "policy"},
		`"status":"unknown","error":"\u001b[2J\n"`:    {Verdict: jobs.VerdictUnknown, Class: "unknown", Error: "\x1b[2J\n"},
		`"status":"abort"`:                            {Verdict: jobs.VerdictAbort, Class: "abort"},
		`"status":"throttle","retry_after":1.5`:       {Verdict: jobs.VerdictThrottle, Class: "throttle", RetryAfter: 1500 * time.Millisecond},
		`"status":"retry","retry_after":-5`:           {Verdict: jobs.VerdictRetry, Class: "retry"},
		`"status":"retry","retry_after":1e300`:        {Verdict: jobs.VerdictRetry, Class: "retry", RetryAfter: jobs.MaxRetryAfter},
		`"status":"retry","retry_after":1e400`:        {Verdict: jobs.VerdictRetry, Class: "retry", RetryAfter: jobs.MaxRetryAfter},
		`"status":"retry","retry_after":null`:         {Verdict: jobs.VerdictRetry, Class: "retry"},
	} {
		r := start(t, `get; printf '%s\n' "{\"id\":\"$id\",$ANSWER}"; get`, func(c *config, _ *jobs.Setup) {
			t.Setenv("ANSWER", answer)
		})
		res, err := do(t, r, record(0, "x"))
		if err != nil || res.Verdict != want.Verdict || res.Class != want.Class || res.Error != want.Error || res.RetryAfter != want.RetryAfter {
			t.Errorf("%s: %+v, %v", answer, res, err)
		}
		if len(res.Values) != 1 || res.Values[0] != nil {
			t.Errorf("%s: values %q", answer, res.Values)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

// TestResults: the result goes where the output wants it.
func TestResults(t *testing.T) {
	for _, c := range []struct {
		result  string
		text    bool
		columns []string
		want    []string
	}{
		{`{"a": 1}`, true, nil, []string{"{\"a\": 1}\n"}},
		{`null`, true, nil, []string{"{}\n"}},
		{"[1,\r2]", true, nil, []string{"[1, 2]\n"}}, // a line is a line for everyone
		{`{"a": 1}`, false, nil, []string{`{"a": 1}`}},
		{`{"b":"x","a":[1, 2],"c":0}`, false, []string{"a", "b", "none"}, []string{`[1, 2]`, `"x"`, ""}},
		{`null`, false, []string{"a", "b"}, []string{"", ""}},
		{`"text"`, false, []string{"a"}, []string{""}},
		{`{"a":null,"\u0062":2}`, false, []string{"a", "b"}, []string{"null", "2"}},
		{`{"a":1}`, false, []string{"a", "a"}, []string{"1", "1"}},
	} {
		r := &runner{config: config{Columns: c.columns}, setup: jobs.Setup{Text: c.text}}
		var res jobs.Result
		r.fill(&res, json.RawMessage(c.result))
		got := []string{string(res.Text)}
		if !c.text {
			got = nil
			for _, v := range res.Values {
				got = append(got, string(v))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s for %q: %q, want %q", c.result, c.columns, got, c.want)
		}
	}
}

// TestBrokenPrograms: whatever breaks the protocol is an error that names what was
// said, and how the program ended if it has.
func TestBrokenPrograms(t *testing.T) {
	for program, want := range map[string]string{
		`get; echo 'Traceback: "x"'`:                                            `a line on its standard output is not an answer: "Traceback: \"x\""`,
		`get; echo; echo "{\"id\":\"$id\",\"status\":\"ok\"}"`:                  `not an answer: ""`,
		`get; echo '{"id":"9.1","status":"ok"}'; get`:                           `an answer with id "9.1", expected "0.1"`,
		`get; echo '{"status":"ok"}'`:                                           `an answer with id ""`,
		`get; echo "{\"id\":\"$id\",\"status\":\"done\"}"`:                      `there is no verdict "done"`,
		`get; echo "{\"id\":\"$id\",\"status\":\"pending\"}"`:                   `there is no verdict "pending"`,
		`get; echo "{\"id\":\"$id\",\"status\":7}"`:                             `not an answer`,
		`get; printf '{"id":"0.1","sta'; exit 3`:                                `it ended in the middle of an answer: "{\"id\":\"0.1\",\"sta" (exit status 3)`,
		`get; exit 3`:                                                           `program /bin/sh: it closed its standard output without an answer (exit status 3)`,
		`get; kill -KILL $$`:                                                    `without an answer (signal: killed)`,
		`exit 4`:                                                                `(exit status 4)`,
		`get; exec >&-; exec sleep 60`:                                          `it closed its standard output without an answer`,
		`get; printf '%02000d\n' 0`:                                             `longer than --max-record allows`,
		`get; while :; do printf 0000000000; done`:                              `longer than --max-record allows`,
		`get; printf '{"id":"0.1","status":"ok","result":[[['; printf ']]]}\n'`: `nested deeper than 3 levels (--max-depth)`,
		`get; printf '%0300d\n' 0`:                                              strings.Repeat("0", 200) + `…"`,
		`get; echo "{\"id\":\"$id\",\"status\":\"ok\",\"retry_after\":\"1\"}"`:  `retry_after is "1", not a number`,
	} {
		r := start(t, program, func(_ *config, s *jobs.Setup) { s.MaxOutput, s.MaxDepth = 1000, 3 })
		if res, err := do(t, r, record(0, "x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s (%+v)", program, err, want, res)
		}
		if r.ended {
			if err := r.Close(); err != nil {
				t.Errorf("%s: it was told, and Close says it again: %v", program, err)
			}
		}
	}
}

// TestSecondAnswer: one answer too many is noticed at the next record, and not taken
// for its.
func TestSecondAnswer(t *testing.T) {
	r := start(t, `while get; do a="{\"id\":\"$id\",\"status\":\"ok\"}"; echo "$a"; echo "$a"; done`)
	if res, err := do(t, r, record(0, "x")); err != nil || res.Verdict != jobs.VerdictOK {
		t.Fatalf("%+v, %v", res, err)
	}
	if res, err := do(t, r, record(1, "y")); err == nil || !strings.Contains(err.Error(), `with id "0.1", expected "1.1"`) {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestClose: the program may end in peace, and what it says at its end counts.
func TestClose(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	r := start(t, `while read -r line; do :; done; echo bye > "$MARK"`, func(*config, *jobs.Setup) { t.Setenv("MARK", mark) })
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(mark); string(b) != "bye\n" || err != nil {
		t.Errorf("it has left %q, %v", b, err)
	}
	r = start(t, `read -r line; exit 5`)
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "program /bin/sh: exit status 5") {
		t.Errorf("%v", err)
	}
	// One that has lost its standard output is not waited for.
	r = start(t, `get; exec >&-; exec sleep 60`)
	if _, err := do(t, r, record(0, "x")); err == nil {
		t.Fatal("it has answered")
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); syscall.Kill(r.cmd.Process.Pid, 0) == nil; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it is still there")
		}
	}
}

// TestPlan: a program that cannot be found is refused before anything begins.
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		command, columns []string
		want             []jobs.Column
		err              string
	}{
		{[]string{"sh", "-c", "x"}, nil, []jobs.Column{{Name: "result", JSON: true}}, ""},
		{[]string{"sh"}, []string{"a,b", "c"}, []jobs.Column{{Name: "a", JSON: true}, {Name: "b", JSON: true}, {Name: "c", JSON: true}}, ""},
		{nil, nil, nil, "no program: write it after --"},
		{[]string{"no-such-program-anywhere"}, nil, nil, "not found"},
	} {
		p, err := plan(options{command: c.command, columns: c.columns}, lines)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v", c.command, err)
			}
			continue
		}
		if err != nil || !slices.Equal(p.Columns, c.want) || !p.NeedsText {
			t.Errorf("%q: %+v, %v", c.command, p, err)
		}
		if got := p.Preview(record(7, "x")); got != `{"id":"7.1","seq":7,"attempt":1,"key":"KEY","record":{"line":"x"}}` {
			t.Errorf("the preview is %s", got)
		}
	}
	if _, err := open(t.Context(), jobs.Setup{Config: json.RawMessage(`{"command":["/no/such/program"]}`)}); err == nil {
		t.Error("a program that is not there was started")
	}
	if _, err := open(t.Context(), jobs.Setup{Config: json.RawMessage(`[`)}); err == nil {
		t.Error("a broken configuration was taken")
	}
}

// options are the flags as a user has given them.
type options struct {
	jobs.Options
	command, columns []string
}

func (o options) Command() []string           { return o.command }
func (o options) StringSlice(string) []string { return o.columns }
