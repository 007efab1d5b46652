package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// RosterName is the file of a run's directory that says which machines have worked for it.
const RosterName = "machines.json"

// Member is a machine that has worked for a run.
type Member struct {
	Name     string `json:"name"`
	Host     string `json:"host"`
	Slots    int    `json:"slots"`    // when it joined last
	Joined   int    `json:"joined"`   // how often it has, in this run
	Answered uint64 `json:"answered"` // records, in all sessions
}

// Roster are the machines that have worked for a run. It is kept beside the ledger, and decides nothing: it is what people
// are told.
type Roster struct {
	path    string
	Members []Member
}

// OpenRoster reads a roster. There need not be one.
func OpenRoster(path string) (*Roster, error) {
	r := &Roster{path: path}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &r.Members)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Join notes that a machine has joined, and makes that durable enough to survive this process.
func (r *Roster) Join(name, host string, slots int) error {
	m := r.find(name)
	m.Host, m.Slots = host, slots
	m.Joined++
	return r.write()
}

// Worked adds to what machines have answered.
func (r *Roster) Worked(views []View) error {
	if len(views) == 0 {
		return nil
	}
	for i := range views {
		r.find(views[i].Name).Answered += views[i].Answered
	}
	return r.write()
}

func (r *Roster) find(name string) *Member {
	i := slices.IndexFunc(r.Members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		i = len(r.Members)
		r.Members = append(r.Members, Member{Name: name})
	}
	return &r.Members[i]
}

func (r *Roster) write() error {
	text, err := json.Marshal(r.Members)
	if err != nil {
		return err
	}
	next := r.path + ".new"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, r.path)
}
