package catalog

import (
	"brood/runner/home"
	"brood/runner/ledger"
	"cmp"
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Listed is a run in a list.
type Listed struct {
	*Entry
	Disk int64 // bytes that its directory takes on the disk
	// Looked says that its ledger was opened, as there was no entry that counts.
	Looked bool
	// Err is why it cannot be read; there is no more than its name then.
	Err error
}

// List lists the runs of a state directory, newest first. Those that have not begun are left
// out. It opens the ledgers only of those that have left no entry.
func List(ctx context.Context, state string) ([]Listed, error) {
	names, err := home.Names(state)
	if err != nil {
		return nil, err
	}
	all := make([]Listed, len(names))
	var next sync.Mutex
	var work sync.WaitGroup
	i := 0
	for range min(2*runtime.GOMAXPROCS(0), len(names)) {
		work.Go(func() {
			for {
				next.Lock()
				at := i
				i++
				next.Unlock()
				if at >= len(names) {
					return
				}
				all[at] = look(ctx, state, names[at])
			}
		})
	}
	work.Wait()
	all = slices.DeleteFunc(all, func(l Listed) bool { return l.Entry == nil })
	slices.SortStableFunc(all, func(a, b Listed) int {
		return cmp.Or(strings.Compare(b.StartedAt, a.StartedAt), strings.Compare(b.Name, a.Name))
	})
	return all, ctx.Err()
}

// look looks at a run; of one that has not begun there is no entry.
func look(ctx context.Context, state, name string) Listed {
	l := Listed{Entry: Read(state, name)}
	if l.Entry == nil {
		l.Looked = true
		if l.Entry, l.Err = Examine(ctx, state, name); errors.Is(l.Err, ledger.ErrNotBegun) || errors.Is(l.Err, ledger.ErrNone) {
			return Listed{}
		}
		if l.Err != nil {
			l.Entry = &Entry{Name: name, State: Unreadable, Reason: l.Err.Error()}
		}
	}
	l.Disk = diskOf(home.RunPath(state, name))
	return l
}

// Unreadable is the state of a run whose ledger cannot be read.
const Unreadable ledger.State = "unreadable"

// diskOf is how many bytes a directory takes on the disk, with what is in it.
func diskOf(dir string) int64 {
	var sum int64
	if st, err := os.Lstat(dir); err == nil {
		sum = blocks(st)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return sum
	}
	for _, e := range entries {
		if e.IsDir() {
			sum += diskOf(dir + string(os.PathSeparator) + e.Name())
		} else if st, err := e.Info(); err == nil {
			sum += blocks(st)
		}
	}
	return sum
}

func blocks(st os.FileInfo) int64 {
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		return sys.Blocks * 512
	}
	return st.Size()
}
