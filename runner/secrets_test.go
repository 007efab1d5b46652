package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/spec"
	"brood/worker/wire"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is taken over of an earlier session is heard as well.
func TestHideInNotes(t *testing.T) {
	mask := jobs.NewMask([]string{"hunter22"})
	answer := wire.AppendAnswer(nil, &jobs.Result{Verdict: jobs.VerdictFailed, Class: "hunter22", Error: "is hunter22", Values: [][]byte{[]byte("hunter22")}})
	notes := []ledger.Note{
		{Kind: ledger.NoteAnswer, Payload: answer},
		{Kind: ledger.NoteLoss, Payload: []byte(`{"class":"crash","error":"said hunter22","blamed":true}`)},
		{Kind: ledger.NoteUnknown, Payload: []byte(lostWithTree)},
	}
	if err := hideInNotes(nil, notes); err != nil || !bytes.Contains(notes[0].Payload, []byte("hunter22")) {
		t.Errorf("without secrets: %v", err)
	}
	if err := hideInNotes(mask, notes); err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		if bytes.Contains(n.Payload, []byte("hunter22")) {
			t.Errorf("%q", n.Payload)
		}
	}
	var res jobs.Result
	var l wire.Loss
	if err := errors.Join(wire.ReadAnswer(notes[0].Payload, &res), json.Unmarshal(notes[1].Payload, &l)); err != nil {
		t.Fatal(err)
	}
	if res.Verdict != jobs.VerdictFailed || res.Class != "***" || res.Error != "is ***" || string(res.Values[0]) != "***" || l.Error != "said ***" || !l.Blamed {
		t.Errorf("%+v, %+v", res, l)
	}
	for _, kind := range []ledger.NoteKind{ledger.NoteAnswer, ledger.NoteLoss} {
		if err := hideInNotes(mask, []ledger.Note{{Kind: kind, Payload: []byte{0xff}}}); err == nil {
			t.Errorf("%v: garbage was taken", kind)
		}
	}
}

func TestEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("from a file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BROOD_TEST_A", "a")
	t.Setenv("BROOD_TEST_KEY", "from outside")
	t.Setenv("PATH", "/bin")
	env, secrets, err := environment(&spec.Limits{}, nil)
	if err != nil || len(secrets) > 0 || !slices.Contains(env, "BROOD_TEST_A=a") {
		t.Errorf("without flags all of it: %v, %v", secrets, err)
	}
	env, secrets, err = environment(&spec.Limits{Env: []string{"BROOD_TEST_B=b=c", "BROOD_TEST_NONE"}, Secrets: []string{"BROOD_TEST_KEY", "FILE=" + file}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"PATH=/bin", "BROOD_TEST_B=b=c", "BROOD_TEST_KEY=from outside", "FILE=from a file"} {
		if !slices.Contains(env, want) {
			t.Errorf("%s is missing in %q", want, env)
		}
	}
	if slices.ContainsFunc(env, func(e string) bool {
		return strings.HasPrefix(e, "BROOD_TEST_A=") || strings.HasPrefix(e, "BROOD_TEST_NONE")
	}) {
		t.Errorf("what was not asked for is there: %q", env)
	}
	if !slices.Equal(secrets, []string{"from outside", "from a file"}) {
		t.Errorf("%q", secrets)
	}
	for _, s := range []string{"BROOD_TEST_NONE", "X=/no/such/file"} {
		if _, _, err := environment(&spec.Limits{Secrets: []string{s}}, nil); err == nil {
			t.Errorf("--secret %s: no error", s)
		}
	}
}

func TestCheckLimits(t *testing.T) {
	for name, l := range map[string]spec.Limits{
		"an exception from nothing":  {Write: []string{t.TempDir()}},
		"a path that is not there":   {Sandbox: true, Write: []string{"/no/such/path"}},
		"a user that does not exist": {User: "no-such-user"},
		"a group that does not":      {User: "root:no-such-group"},
		"less nice as another":       {User: "root", Nice: -1},
	} {
		if err := CheckLimits(&l); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := CheckLimits(&spec.Limits{Nice: 5}); err != nil {
		t.Error(err)
	}
}

// tail keeps the end of what is said, and of a Go panic the first line.
func TestTail(t *testing.T) {
	var plain tail
	for range 1000 {
		plain.add("one of many lines")
	}
	plain.add("the last one")
	if got := plain.String(); len(got) > tailSize || !strings.HasSuffix(got, "the last one") {
		t.Errorf("%d bytes, ending %q", len(got), got[len(got)-20:])
	}
	var panicked tail
	for _, line := range []string{"before", "panic: no such map", "", "goroutine 1 [running]:", "main.main()"} {
		panicked.add(line)
	}
	if got := panicked.String(); got != "panic: no such map" {
		t.Errorf("%q", got)
	}
}
