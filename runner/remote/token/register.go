package token

import (
	"brood/jobs/files"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nkeys"
)

// Machine is one that a token was issued for.
type Machine struct {
	Name   string    `json:"name"`
	Key    string    `json:"key"` // its public key
	Issued time.Time `json:"issued"`
	// Revoked is when its token was revoked; zero: it is good.
	Revoked time.Time `json:"revoked,omitzero"`
}

// register is the file with the machines.
type register struct {
	Version  int       `json:"version"`
	Run      string    `json:"run"`
	Machines []Machine `json:"machines"`
}

const registerVersion = 1

func (r *register) find(name string) *Machine {
	for i := range r.Machines {
		if r.Machines[i].Name == name {
			return &r.Machines[i]
		}
	}
	return nil
}

func readRegister(dir string) (*register, error) {
	path := filepath.Join(dir, machinesFile)
	text, err := readOwn(path)
	if err != nil {
		return nil, fmt.Errorf("read the list of machines: %w", err)
	}
	r, err := parseRegister(text)
	if err != nil {
		return nil, fmt.Errorf("read the list of machines %s: %w; if it cannot be mended, remove the directory, and issue tokens anew", path, err)
	}
	return r, nil
}

// parseRegister reads the file with the machines: what is not as this package writes it lets nobody in.
func parseRegister(text []byte) (*register, error) {
	r := &register{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, err
	}
	if r.Version != registerVersion {
		return nil, fmt.Errorf("it is of version %d, and this brood knows %d", r.Version, registerVersion)
	}
	if err := CheckRun(r.Run); err != nil {
		return nil, err
	}
	names, keys := make(map[string]bool, len(r.Machines)), make(map[string]bool, len(r.Machines))
	for _, m := range r.Machines {
		switch {
		case CheckMachine(m.Name) != nil:
			return nil, CheckMachine(m.Name)
		case !nkeys.IsValidPublicUserKey(m.Key):
			return nil, fmt.Errorf("machine %s has no public key", m.Name)
		case names[m.Name] || keys[m.Key]:
			return nil, fmt.Errorf("machine %s is there twice", m.Name)
		}
		names[m.Name], keys[m.Key] = true, true
	}
	return r, nil
}

func writeRegister(dir string, r *register) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := files.Write(filepath.Join(dir, machinesFile), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the list of machines: %w", err)
	}
	return nil
}

// seen is the list of machines as it was read last, and which file that was.
type seen struct {
	mu   sync.Mutex
	file os.FileInfo
	of   map[string]string // machine by public key, of those that were not revoked
	err  error
}

// Known returns the machine whose public key this is, if its token was not revoked.
func (i *Identity) Known(key string) (machine string, ok bool, err error) {
	good, err := i.Good()
	machine, ok = good[key]
	return machine, ok, err
}

// Good returns the machines whose tokens were not revoked by their public keys; it is not to be changed. It is the list of
// this moment, in whatever process it was changed: the file is read again when it is another one than before.
func (i *Identity) Good() (map[string]string, error) {
	s := &i.seen
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := os.Stat(filepath.Join(i.dir, machinesFile))
	if err != nil {
		return nil, fmt.Errorf("look for the list of machines: %w", err)
	}
	if s.file == nil || s.err != nil || !os.SameFile(s.file, st) || st.ModTime() != s.file.ModTime() || st.Size() != s.file.Size() {
		s.read(i.dir, st)
	}
	return s.of, s.err
}

func (s *seen) read(dir string, st os.FileInfo) {
	r, err := readRegister(dir)
	s.file, s.of, s.err = st, nil, err
	if err != nil {
		return
	}
	s.of = make(map[string]string, len(r.Machines))
	for _, m := range r.Machines {
		if m.Revoked.IsZero() {
			s.of[m.Key] = m.Name
		}
	}
}
