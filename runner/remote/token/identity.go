package token

import (
	"brood/jobs/files"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nkeys"
	"golang.org/x/sys/unix"
)

// The files of an identity. Each is replaced as a whole; who replaces one holds the lock, which is never removed.
const (
	authorityFile = "authority.pem"
	machinesFile  = "machines.json"
	lockFile      = "lock"
)

// Identity is a run's coordinator to its machines. It may be used by several goroutines, and the directory by several
// processes.
type Identity struct {
	dir  string
	run  string
	ca   *authority
	now  func() time.Time
	seen seen
}

// Create makes an identity for a run in a directory, which is made if need be; one that is there is opened. Whoever
// is second, of two that do so at the same time, gets what the first has made.
func Create(dir, run string) (*Identity, error) {
	if err := CheckRun(run); err != nil {
		return nil, err
	}
	if err := files.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("make the directory of the coordinator's identity: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep others out of the coordinator's identity: %w", err)
	}
	err := locked(dir, func() error {
		if _, err := os.Lstat(filepath.Join(dir, machinesFile)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		text, err := newAuthority()
		if err != nil {
			return fmt.Errorf("make an authority: %w", err)
		}
		if err := files.Write(filepath.Join(dir, authorityFile), text, 0o600); err != nil {
			return fmt.Errorf("write the coordinator's identity: %w", err)
		}
		// Last: it says that all is there.
		return writeRegister(dir, &register{Version: registerVersion, Run: run})
	})
	if err != nil {
		return nil, err
	}
	id, err := Open(dir)
	if err == nil && id.run != run {
		return nil, fmt.Errorf("%s has the identity of run %s, and not of %s: give it another directory, or remove this one when that run is over", dir, id.run, run)
	}
	return id, err
}

// Open opens the identity in a directory. If there is none, the error is fs.ErrNotExist.
func Open(dir string) (*Identity, error) {
	id := &Identity{dir: dir, now: time.Now}
	text, err := readOwn(filepath.Join(dir, authorityFile))
	if err != nil {
		return nil, fmt.Errorf("open the coordinator's identity: %w", err)
	}
	if id.ca, err = parseAuthority(text); err != nil {
		return nil, fmt.Errorf("open the coordinator's identity %s: %w; remove the directory, and issue tokens anew", filepath.Join(dir, authorityFile), err)
	}
	r, err := readRegister(dir)
	if err != nil {
		return nil, err
	}
	id.run = r.Run
	return id, nil
}

// Run is whose coordinator it is.
func (i *Identity) Run() string { return i.run }

// Dir is where its files are.
func (i *Identity) Dir() string { return i.dir }

// Fingerprint is that of its authority, as in the tokens.
func (i *Identity) Fingerprint() [sha256.Size]byte { return sha256.Sum256(i.ca.cert.Raw) }

// TLS is how the coordinator's server speaks to machines, with a key that is made for this process.
func (i *Identity) TLS() (*tls.Config, error) {
	c, err := i.ca.server()
	if err != nil {
		return nil, fmt.Errorf("make the coordinator's certificate: %w", err)
	}
	return c, nil
}

// ErrIssued is that a name has a token already, which must be revoked before there is another.
var ErrIssued = errors.New("has a token already")

// Issue makes a token for a machine. It is not kept: it is told now, or never.
func (i *Identity) Issue(machine string) (*Token, error) {
	if err := CheckMachine(machine); err != nil {
		return nil, err
	}
	t := &Token{Run: i.run, Machine: machine, CA: i.Fingerprint()}
	if _, err := rand.Read(t.seed[:]); err != nil {
		return nil, err
	}
	key, err := t.Key()
	if err != nil {
		return nil, fmt.Errorf("make a key for machine %s: %w", machine, err)
	}
	return t, i.change(func(r *register) error {
		m := r.find(machine)
		if m == nil {
			r.Machines = append(r.Machines, Machine{Name: machine})
			m = &r.Machines[len(r.Machines)-1]
		} else if m.Revoked.IsZero() {
			return fmt.Errorf("machine %s %w, of %s: use that, give this machine another name, or revoke it first", machine, ErrIssued, m.Issued.Format(time.DateTime))
		}
		*m = Machine{Name: machine, Key: key, Issued: i.now().UTC().Truncate(time.Second)}
		return nil
	})
}

// ErrUnknown is that there was never a token for a machine.
var ErrUnknown = errors.New("was never issued a token")

// Revoke ends a machine's token. That it was revoked before is no error.
func (i *Identity) Revoke(machine string) error {
	return i.change(func(r *register) error {
		m := r.find(machine)
		if m == nil {
			return fmt.Errorf("machine %q %w", machine, ErrUnknown)
		}
		if m.Revoked.IsZero() {
			m.Revoked = i.now().UTC().Truncate(time.Second)
		}
		return nil
	})
}

// List returns the machines in the order in which they were first issued a token.
func (i *Identity) List() ([]Machine, error) {
	r, err := readRegister(i.dir)
	if err != nil {
		return nil, err
	}
	return r.Machines, nil
}

// change changes the list of machines while nobody else does.
func (i *Identity) change(do func(*register) error) error {
	return locked(i.dir, func() error {
		r, err := readRegister(i.dir)
		if err != nil {
			return err
		}
		if err := do(r); err != nil {
			return err
		}
		return writeRegister(i.dir, r)
	})
}

// locked does something while no other process does such a thing in the directory.
func locked(dir string, do func() error) error {
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("lock the coordinator's identity: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return errors.Join(do(), f.Close()) // closed, it is unlocked
}

// Verify says whether a signature of a nonce was made with the private part of a public key.
func Verify(key string, nonce, signature []byte) bool {
	if !nkeys.IsValidPublicUserKey(key) {
		return false
	}
	p, err := nkeys.FromPublicKey(key)
	return err == nil && p.Verify(nonce, signature) == nil
}
