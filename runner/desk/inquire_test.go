package desk

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/sink"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseReply(t *testing.T) {
	for text, want := range map[string]reply{
		`{"status":"ok"}`: {"ok", "answered ok"},
		"  {\"status\":\"failed\",\"reason\":\"no\"}\n": {"failed", "no"},
		`"not-done"`: {"not-done", "answered not-done"},
		`{"status":"unknown","reason":"ask me tomorrow"}`: {"unknown", "ask me tomorrow"},
	} {
		if got, err := parseReply([]byte(text)); err != nil || *got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ok", `{"status":"done"}`, `{}`, `[]`, "{\"status\":\"ok\"}\n{\"status\":\"ok\"}", "yes"} {
		if got, err := parseReply([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// The program is asked about each unknown record, with its key and its fields, and what it
// says is a decision; what it cannot say leaves the record as it was.
func TestInquire(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	asked := filepath.Join(t.TempDir(), "asked")
	p.cfg.ResolveWith = `sh -c 'read -r line; echo "$BROOD_SEQ $BROOD_RUN $line" >>` + asked + `; test ${#1} = 32 || exit 1; case $line in *bob*) echo "{\"status\":\"ok\",\"reason\":\"paid\"}";; *) echo who knows;; esac' sh`
	if err := Inquire(t.Context(), p.dir, p.ledger, p.cfg, p.warn); err != nil {
		t.Fatal(err)
	}
	if got, want := p.totals(), (ledger.Totals{Input: 6, OK: 4, Failed: 1, Unknown: 1}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	b, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`1 x {"run":"x","seq":1,"attempt":1,"key":"`, `"record":{"id":"1","name":"bob"}}`, `4 x {"run":"x","seq":4`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("it was asked\n%s\nwant %s", b, want)
		}
	}
	if said := strings.Join(p.warned, "\n"); !strings.Contains(said, "data.csv:6 stays unknown: --resolve-with: the answer") {
		t.Errorf("%s", said)
	}
	if !strings.Contains(p.output(), "1,bob,1,ok,resolved,paid,1,") {
		t.Errorf("%s", p.output())
	}
}

func TestInquireThatHangs(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	p.cfg.ResolveWith, p.cfg.Timeout = "sleep 60; true", 50*time.Millisecond
	begun := time.Now()
	if err := Inquire(t.Context(), p.dir, p.ledger, p.cfg, p.warn); err != nil {
		t.Fatal(err)
	}
	if time.Since(begun) > 30*time.Second || p.totals().Unknown != 2 || !strings.Contains(strings.Join(p.warned, "\n"), "no answer within 50ms") {
		t.Errorf("after %s: %s, %q", time.Since(begun), p.totals(), p.warned)
	}
}

func TestInquireOfNobody(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	if err := Inquire(t.Context(), p.dir, p.ledger, p.cfg, p.warn); err != nil || len(p.warned) > 0 || p.totals().Unknown != 2 {
		t.Errorf("%v, %q", err, p.warned)
	}
}

// Records that the last session had in hand are asked about as well: their decision is what
// the next session settles.
func TestInquireOfNotes(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateInterrupted)
	note := ledger.Note{Seq: 5, Attempt: 1, Kind: ledger.NoteUnknown, Payload: []byte("it was killed"), First: time.Now()}
	if _, err := p.ledger.BeginSession(t.Context(), ledger.Session{StartedAt: time.Now(), Slots: 1}, []ledger.Note{note}); err != nil {
		t.Fatal(err)
	}
	p.cfg.ResolveWith = `echo '{"status":"failed","reason":"refused"}' #`
	if err := Inquire(t.Context(), p.dir, p.ledger, p.cfg, p.warn); err != nil {
		t.Fatal(err)
	}
	notes, err := p.ledger.Reader().Notes(t.Context())
	if err != nil || len(notes) != 1 || notes[0].Kind != ledger.NoteAnswer {
		t.Fatalf("%+v, %v", notes, err)
	}
	if o, err := p.ledger.Reader().Outcome(t.Context(), 1); err != nil || o.Status != jobs.StatusFailed || o.Error != "refused" {
		t.Errorf("%+v, %v", o, err)
	}
}
