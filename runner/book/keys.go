package book

import "context"

// freedKeys are the keys of --once-per that are to be given back to the scope.
// The ledger has them before that happens, so none is forgotten; and it happens
// beside the commits, so that no other user of the scope holds these up.
type freedKeys struct {
	committing []string // in the commit under way
	waiting    []string // in the ledger
	giving     []string // being given back
	busy       bool
	failed     bool // once is enough: the next session tries again
	done       chan error
}

// giveKeysBack gives back what waits, if nothing is under way.
func (b *Book) giveKeysBack() {
	f := &b.freed
	if f.busy || f.failed || len(f.waiting) == 0 {
		return
	}
	f.giving, f.waiting, f.busy = f.waiting, nil, true
	go func() { f.done <- b.cfg.GiveBack(context.Background(), f.giving) }()
}

// keysGivenBack takes note that some were given back, or could not be.
func (b *Book) keysGivenBack(err error) {
	f := &b.freed
	f.busy = false
	if err != nil {
		f.failed = true
		b.cfg.KeysKept(len(f.giving), err)
		return
	}
	b.next.GivenBack = append(b.next.GivenBack, f.giving...)
	f.giving = nil
}
