package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// TestLongWelcome has a run whose configuration is larger than a message may be, and has many files, tell machines of it in parts, also while
// others ask.
func TestLongWelcome(t *testing.T) {
	config, err := json.Marshal(strings.Repeat("a template, ", 1<<18)) // 3 MiB
	if err != nil {
		t.Fatal(err)
	}
	d := NewDesk(&Describe{Welcome: Welcome{Run: "r", RunID: "1", Epoch: 7, Config: config, Secrets: map[string]string{"K": "v"}}, Build: "b", Logf: t.Logf})
	d.SetPost(&nowhere{})
	most := 0
	ask := func(body []byte) ([]byte, error) {
		b := d.Ask("m", body)
		if most = max(most, len(b)); len(b) == 0 {
			return nil, errMessage
		}
		return b, nil
	}
	for instance := uint64(1); instance < 3; instance++ {
		first, err := ask(encode(Question{Join: &Join{Build: "b", Instance: instance, Slots: 1}}))
		if err != nil {
			t.Fatal(err)
		}
		d.machines["m"].leaves() // as it may be replaced then
		if bytes.Contains(first, []byte("template")) {
			t.Error("the first answer has a part of it")
		}
		w, err := ReadWelcome(first, ask)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(w.Config, config) || w.Epoch != 7 || w.Secrets["K"] != "v" || w.Long != nil {
			t.Errorf("epoch %d, %d bytes of configuration", w.Epoch, len(w.Config))
		}
	}
	if most > PartBytes {
		t.Errorf("an answer has %d bytes", most)
	}
	first, _ := ask(encode(Question{Join: &Join{Build: "b", Instance: 3, Slots: 1}}))
	lost := errors.New("the link is down")
	for name, bad := range map[string]func([]byte) ([]byte, error){
		"link":    func([]byte) ([]byte, error) { return nil, lost },
		"nothing": func([]byte) ([]byte, error) { return nil, nil },
		"other":   func(b []byte) ([]byte, error) { b, err := ask(b); return bytes.ToUpper(b), err },
		"more":    func([]byte) ([]byte, error) { return make([]byte, 1<<20), nil },
	} {
		if _, err := ReadWelcome(first, bad); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	for _, p := range []Part{{Sum: "no", From: 0}, {From: -1}} {
		if d.long.part(&p) != nil {
			t.Errorf("%+v has an answer", p)
		}
	}
}

// FuzzReadWelcome has a coordinator answer anything: it is an answer or an error, and no more is asked than it has said.
func FuzzReadWelcome(f *testing.F) {
	f.Add([]byte(`{"run":"r"}`), []byte("x"))
	f.Add([]byte(`{"long":{"size":3,"sha256":"x"}}`), []byte("x"))
	f.Add([]byte(`{"long":{"size":-3}}`), []byte("x"))
	f.Fuzz(func(t *testing.T, first, part []byte) {
		asked := 0
		w, err := ReadWelcome(first, func([]byte) ([]byte, error) {
			if asked++; asked > 100 {
				return nil, errMessage
			}
			return part, nil
		})
		if (w == nil) != (err != nil) {
			t.Errorf("%v, %v", w, err)
		}
	})
}

// nowhere is a post whose messages do not arrive.
type nowhere struct{ Post }

func (nowhere) SetRoom(int)               {}
func (nowhere) Tell(string, []byte) error { return nil }

// TestForgotten has an agent let go of hands that have left, but for the last of a slot, which may be asked what it has left: a run may have a
// worker for each few records.
func TestForgotten(t *testing.T) {
	w := newWorld(t, 0)
	a, _ := w.join(places(1))
	within(t, "machine", w.joins)
	for range 5 {
		h := w.hand(t.Context(), 0)
		if exit, err := h.Leave(); err != nil || !exit.Clean {
			t.Fatalf("%+v, %v", exit, err)
		}
	}
	w.hand(t.Context(), 0) // which begins when the others are forgotten
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.convs) != 2 {
		t.Errorf("it has %d", len(a.convs))
	}
}
