package top

import (
	"brood/runner/control"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// fake is a run that writes down what it is asked.
type fake struct {
	asked   []string
	answers map[string]string
	err     error
}

func (f *fake) ask(q control.Question) ([]byte, error) {
	f.asked = append(f.asked, string(q)+"?")
	return []byte(f.answers[string(q)]), f.err
}

func (f *fake) tell(o control.Order, with url.Values) error {
	word := string(o)
	if len(with) > 0 {
		word += " " + with.Encode()
	}
	f.asked = append(f.asked, word)
	return f.err
}

// watching is a view of a run, that has heard from it once.
func watching(live control.Live) (*model, *fake) {
	f := &fake{}
	m := &model{ask: f.ask, tell: f.tell}
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 9})
	m.Update(news{live: live, workers: busy(80, 9, 6).Workers})
	return m, f
}

// press types keys and does what follows from each.
func press(m *model, keys ...string) (quit bool) {
	for _, key := range keys {
		cmd := m.press(key)
		if cmd == nil {
			continue
		}
		msg := cmd()
		if _, is := msg.(tea.QuitMsg); is {
			return true
		}
		m.Update(msg)
	}
	return false
}

// TestOrders: what each key has the run do.
func TestOrders(t *testing.T) {
	for keys, want := range map[string]struct {
		live  control.Live
		asked []string
	}{
		"p":     {control.Live{Jobs: 4}, []string{"pause"}},
		"space": {control.Live{Jobs: 4, Paused: true}, []string{"continue"}},
		"+":     {control.Live{Jobs: 4}, []string{"scale jobs=5"}},
		"= + -": {control.Live{Jobs: 4}, []string{"scale jobs=5", "scale jobs=6", "scale jobs=5"}}, // each counts from the one before
		"-":     {control.Live{Jobs: 1}, nil},
		"d":     {control.Live{}, nil},
		"d y":   {control.Live{}, []string{"drain"}},
		"d n y": {control.Live{}, nil},
		"d p":   {control.Live{}, nil}, // any other key is no, and does nothing else
		"d q":   {control.Live{}, nil},
		"y":     {control.Live{}, nil},
		"x ?":   {control.Live{}, nil},
	} {
		m, f := watching(want.live)
		if press(m, strings.Fields(keys)...) {
			t.Errorf("%s has left", keys)
		}
		if !slices.Equal(f.asked, want.asked) {
			t.Errorf("%s: %q, want %q", keys, f.asked, want.asked)
		}
	}
}

// TestLeaving lets the run go on.
func TestLeaving(t *testing.T) {
	for _, key := range []string{"q", "esc", "ctrl+c"} {
		m, f := watching(control.Live{})
		if !press(m, key) || len(f.asked) != 0 || m.ended {
			t.Errorf("%s: %q, ended %v", key, f.asked, m.ended)
		}
	}
}

// TestMoving: keys that only change what is seen.
func TestMoving(t *testing.T) {
	m, f := watching(control.Live{})
	for _, c := range []struct {
		keys  string
		first int
		sort  Sorting
	}{
		{"down", 1, BySlot},
		{"j k", 1, BySlot},
		{"pgdown", 3, BySlot},
		{"up", 2, BySlot},
		{"home", 0, BySlot},
		{"pgdown pgup", 0, BySlot},
		{"s", 0, ByTime},
		{"s s", 0, ByCPU},
		{"s", 0, BySlot},
	} {
		press(m, strings.Fields(c.keys)...)
		if m.screen.First != c.first || m.screen.Sort != c.sort {
			t.Errorf("%s: from %d by %s, want %d by %s", c.keys, m.screen.First, m.screen.Sort, c.first, c.sort)
		}
	}
	if len(f.asked) != 0 {
		t.Errorf("the run was told %q", f.asked)
	}
}

// TestKeys: a key that is pressed arrives under the name that is looked for.
func TestKeys(t *testing.T) {
	for name, key := range map[string]tea.KeyPressMsg{
		"q": {Code: 'q', Text: "q"}, "esc": {Code: tea.KeyEscape}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "space": {Code: tea.KeySpace, Text: " "},
		"+": {Code: '+', Text: "+"}, "down": {Code: tea.KeyDown}, "pgup": {Code: tea.KeyPgUp}, "home": {Code: tea.KeyHome},
	} {
		if key.String() != name {
			t.Errorf("%s arrives as %s", name, key)
		}
	}
	m, f := watching(control.Live{})
	if _, cmd := m.Update(tea.KeyPressMsg{Code: 'p', Text: "p"}); cmd == nil || cmd() != (told{}) || !slices.Equal(f.asked, []string{"pause"}) {
		t.Errorf("%q", f.asked)
	}
}

// TestLook: the run is asked for both of its reports, and what it says is shown.
func TestLook(t *testing.T) {
	m, f := watching(control.Live{})
	f.answers = map[string]string{"status": `{"job":"exec","jobs":3,"ok":7,"progress":-1}`, "workers": `[{"slot":1,"pid":42,"seq":0,"in_hand_s":1.5}]`}
	if _, cmd := m.Update(m.look()); cmd == nil {
		t.Error("it is not looked again")
	}
	if want := []string{"status?", "workers?"}; !slices.Equal(f.asked, want) {
		t.Errorf("%q, want %q", f.asked, want)
	}
	if shown := fmt.Sprint(m.View().Content); !strings.Contains(shown, "ok 7") || !strings.Contains(shown, " 42 ") {
		t.Errorf("it shows\n%s", shown)
	}
}

// TestTrouble: what goes wrong is shown below what was known last, until the run
// answers again.
func TestTrouble(t *testing.T) {
	m, f := watching(control.Live{Jobs: 4, OK: 9})
	good := map[string]string{"status": `{"jobs":5}`, "workers": `[]`}
	for _, c := range []struct {
		answers map[string]string
		err     error
		want    string
	}{
		{good, errors.New("it is silent"), "it is silent"},
		{map[string]string{"status": "<html>"}, nil, "invalid character"},
		{map[string]string{"status": "{}", "workers": `{"slot":1}`}, nil, "cannot unmarshal"},
	} {
		f.answers, f.err = c.answers, c.err
		m.Update(m.look())
		if !strings.Contains(m.screen.Error, c.want) || m.screen.Live.OK != 9 || len(m.screen.Workers) != 6 {
			t.Errorf("%q, %d ok, %d workers", m.screen.Error, m.screen.Live.OK, len(m.screen.Workers))
		}
	}
	f.answers, f.err = good, nil
	m.Update(m.look())
	if m.screen.Error != "" || m.screen.Live.Jobs != 5 || len(m.screen.Workers) != 0 {
		t.Errorf("%q, %+v", m.screen.Error, m.screen.Live)
	}
	f.err = errors.New("it may not be scaled")
	press(m, "+")
	if m.screen.Error != "it may not be scaled" {
		t.Errorf("an order that was refused: %q", m.screen.Error)
	}
	press(m, "d")
	f.err = errors.New("no")
	press(m, "y")
	if m.screen.Error != "no" || m.screen.Confirming {
		t.Errorf("%q, confirming %v", m.screen.Error, m.screen.Confirming)
	}
}

// TestSilentRun: of a run that does not answer the books are shown, and that it does not.
func TestSilentRun(t *testing.T) {
	m, f := watching(control.Live{Jobs: 4, OK: 9})
	m.books = func() (control.Live, error) { return control.Live{OK: 8, Progress: -1}, nil }
	f.err = &control.SilentError{Name: "x", Stopped: true}
	m.Update(m.look())
	if m.screen.Live.OK != 8 || m.screen.Live.Jobs != 4 || len(m.screen.Workers) != 0 ||
		m.screen.Error != "run x does not answer: its process is stopped; this is what its ledger says" {
		t.Errorf("%q, %+v", m.screen.Error, m.screen.Live)
	}
	m.books = func() (control.Live, error) { return control.Live{}, errors.New("no ledger") }
	m.Update(m.look())
	if m.screen.Live.OK != 8 || m.screen.Error != "run x does not answer: its process is stopped" {
		t.Errorf("%q, %+v", m.screen.Error, m.screen.Live)
	}
	m.screen.Live.Jobs, f.asked = 0, nil
	if press(m, "+"); len(f.asked) > 0 {
		t.Errorf("nobody knows how many there are, and it is scaled: %q", f.asked)
	}
}

// TestRunEnds: when the run has ended there is nothing more to see.
func TestRunEnds(t *testing.T) {
	m, f := watching(control.Live{})
	f.err = fmt.Errorf("ask: %w", control.ErrNotRunning)
	_, cmd := m.Update(m.look())
	if cmd == nil || !m.ended {
		t.Fatal("it goes on")
	}
	if _, is := cmd().(tea.QuitMsg); !is {
		t.Error("it does not leave")
	}
	if m.Init() == nil {
		t.Error("it does not begin")
	}
}
