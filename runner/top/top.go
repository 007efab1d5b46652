// Package top is a live view of a run that fills the terminal, and leaves it as
// it found it. It knows a run only by what that says on its control socket.
package top

import (
	"brood/runner/control"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"
)

// every is how often the run is asked.
const every = 500 * time.Millisecond

// Run shows a run until the user has had enough, or it ends. It returns
// control.ErrNotRunning in the second case. While the run does not answer it shows what
// books returns, and says so.
func Run(ctx context.Context, state, name string, books func() (control.Live, error), in, out *os.File) error {
	m := &model{
		books: books,
		ask:   func(q control.Question) ([]byte, error) { return control.Ask(ctx, state, name, q) },
		tell: func(o control.Order, with url.Values) error {
			return control.Tell(ctx, state, name, o, with)
		},
	}
	m.screen.Name = name
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out))
	if _, err := p.Run(); err != nil && !errors.Is(err, tea.ErrInterrupted) {
		return fmt.Errorf("show run %s: %w", name, err)
	}
	if m.ended {
		return control.ErrNotRunning
	}
	return nil
}

// model is the state of the view, as bubbletea wants it.
type model struct {
	books  func() (control.Live, error)
	ask    func(control.Question) ([]byte, error)
	tell   func(control.Order, url.Values) error
	screen Screen
	ended  bool
}

// news is what the run has said, or why it has not.
type news struct {
	live    control.Live
	workers []control.WorkerState
	err     error
	written bool // live is of the ledger
}

// told is how an order went.
type told struct{ err error }

func (m *model) Init() tea.Cmd { return m.look }

// look asks the run.
func (m *model) look() tea.Msg {
	var n news
	b, err := m.ask(control.AskStatus)
	if err == nil {
		err = json.Unmarshal(b, &n.live)
	}
	if err == nil {
		b, err = m.ask(control.AskWorkers)
	}
	if err == nil {
		err = json.Unmarshal(b, &n.workers)
	}
	n.err = err
	var silent *control.SilentError
	if errors.As(err, &silent) {
		if live, err := m.books(); err == nil {
			n.live, n.err = live, fmt.Errorf("%w; this is what its ledger says", n.err)
			n.written = true
		}
	}
	return n
}

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.screen.Width, m.screen.Height = msg.Width, msg.Height
	case news:
		if errors.Is(msg.err, control.ErrNotRunning) {
			m.ended = true
			return m, tea.Quit
		}
		if m.screen.Error = ""; msg.err != nil {
			m.screen.Error = msg.err.Error()
		}
		if msg.err == nil || msg.written {
			jobs := m.screen.Live.Jobs
			m.screen.Live, m.screen.Workers = msg.live, msg.workers
			if msg.written { // the ledger does not know
				m.screen.Live.Jobs = jobs
			}
		}
		return m, tea.Tick(every, func(time.Time) tea.Msg { return m.look() })
	case told:
		if msg.err != nil {
			m.screen.Error = msg.err.Error()
		}
		return m, nil
	case tea.KeyPressMsg:
		return m, m.press(msg.String())
	}
	return m, nil
}

// press does what a key stands for.
func (m *model) press(key string) tea.Cmd {
	s := &m.screen
	if s.Confirming {
		if s.Confirming = false; key == "y" {
			return m.order(control.OrderDrain, nil)
		}
		return nil
	}
	switch key {
	case "q", "esc", "ctrl+c":
		return tea.Quit
	case "p", "space":
		if s.Live.Paused {
			return m.order(control.OrderContinue, nil)
		}
		return m.order(control.OrderPause, nil)
	case "+", "=":
		return m.scale(s.Live.Jobs + 1)
	case "-":
		return m.scale(s.Live.Jobs - 1)
	case "d":
		s.Confirming = true
	case "s":
		s.Sort = (s.Sort + 1) % sortings
	case "up", "k":
		s.scroll(-1)
	case "down", "j":
		s.scroll(1)
	case "pgup":
		s.scroll(-s.rows())
	case "pgdown":
		s.scroll(s.rows())
	case "home":
		s.First = 0
	}
	return nil
}

// scale changes the number of workers. What it will be is shown at once, so that
// the next press counts from there.
func (m *model) scale(n int) tea.Cmd {
	if n < 1 || m.screen.Live.Jobs == 0 { // or nobody knows how many there are
		return nil
	}
	m.screen.Live.Jobs = n
	return m.order(control.OrderScale, url.Values{"jobs": {strconv.Itoa(n)}})
}

// order tells the run something.
func (m *model) order(o control.Order, with url.Values) tea.Cmd {
	return func() tea.Msg { return told{m.tell(o, with)} }
}

func (m *model) View() tea.View {
	v := tea.NewView(m.screen.String())
	v.AltScreen = true
	v.WindowTitle = "brood top " + m.screen.Name
	return v
}
