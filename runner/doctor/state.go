package doctor

import (
	"brood/runner/home"
	"brood/runner/proc"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"
)

// mapped is what is written through a map.
const mapped = "brood doctor"

// File systems that are told of.
const (
	inMemory  = "tmpfs"
	ofProgram = "FUSE"
)

// What is little on the disk of the state directory.
const (
	littleSpace  = 1 << 30
	noSpace      = 16 << 20
	littleInodes = 10000
	noInodes     = 100
	// slowSync is how long a sync takes where commits become what a run waits for: they come 5 times a second.
	slowSync = 50 * time.Millisecond
)

// state looks at the state directory, or, where there is none yet, at the one in which it would be made.
func (x *examination) state(ctx context.Context) {
	if x.State == "" {
		x.tell(PartState, "directory", Fail, "there is no place for it", "Set HOME or BROOD_STATE, or name one with --state.")
		return
	}
	dir, exists := x.directory()
	if dir == "" {
		return
	}
	x.fileSystem(dir)
	x.room(dir)
	x.tryOut(ctx, dir, exists)
}

// directory is the directory to look at: the state directory, or the nearest above it that there is.
func (x *examination) directory() (dir string, exists bool) {
	for dir = x.State; ; dir = filepath.Dir(dir) {
		st, err := os.Stat(dir)
		switch {
		case err == nil && !st.IsDir():
			x.tell(PartState, "directory", Fail, dir+" is no directory", "Name another with --state or BROOD_STATE.")
			return "", false
		case err == nil:
			if dir != x.State {
				x.tell(PartState, "directory", OK, x.State+" will be made by the first run", "")
				return dir, false
			}
			x.owned(dir, st)
			return dir, true
		case !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir):
			x.tell(PartState, "directory", Fail, err.Error(), "Name a directory that you may use with --state or BROOD_STATE.")
			return "", false
		}
	}
}

// owned looks at whose it is, and who else may look into it.
func (x *examination) owned(dir string, st fs.FileInfo) {
	mode := fmt.Sprintf("%s, mode %04o", dir, st.Mode().Perm())
	switch err := proc.CheckPrivate(dir, false); {
	case err != nil:
		x.tell(PartState, "directory", Fail, err.Error(), "brood refuses it. Make it yours: chown $USER "+dir+"; chmod 700 "+dir)
	case st.Mode().Perm()&0o077 != 0:
		x.tell(PartState, "directory", Warn, mode+": others may look into it", "chmod 700 "+dir+". What is in it says who was written to, and what was charged.")
	default:
		x.tell(PartState, "directory", OK, mode, "")
	}
}

func (x *examination) fileSystem(dir string) {
	network := home.NetworkFileSystem(dir)
	name, err := localFileSystem(dir)
	switch {
	case network != "":
		x.tell(PartState, "file system", Fail, network+": brood keeps no runs there", "Choose a local disk with --state or BROOD_STATE: neither locks nor a database are safe on a share.")
	case err != nil:
		x.tell(PartState, "file system", Warn, "cannot be told: "+err.Error(), "Look whether the disk is still mounted.")
	case name == inMemory:
		x.tell(PartState, "file system", Warn, "tmpfs: runs are gone when the machine is started anew", "Choose a disk with --state or BROOD_STATE, unless that is meant.")
	case name == ofProgram:
		x.tell(PartState, "file system", Warn, "FUSE: what it promises depends on the program behind it", "Choose a disk with --state or BROOD_STATE.")
	default:
		x.tell(PartState, "file system", OK, name, "")
	}
}

func (x *examination) room(dir string) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		x.tell(PartState, "room", Warn, "cannot be told: "+err.Error(), "")
		return
	}
	free := product(st.Bavail, st.Bsize)
	says := humanize.IBytes(uint64(max(free, 0))) + " are free"
	switch {
	case free < noSpace:
		x.tell(PartState, "room", Fail, says, "Make room, or choose another disk with --state: brood stops when it cannot write. brood prune removes old runs.")
	case free < littleSpace:
		x.tell(PartState, "room", Warn, says, "brood prune removes old runs. A record takes about 20 bytes if it is ok, and some hundred if not.")
	default:
		x.tell(PartState, "room", OK, says, "")
	}
	if st.Files == 0 {
		return // a file system without a fixed number of them
	}
	inodes := st.Ffree
	says = humanize.Comma(int64(inodes)) + " more files fit"
	switch {
	case inodes < noInodes:
		x.tell(PartState, "inodes", Fail, says, "Remove small files: a run takes about ten, and --results some for each record.")
	case inodes < littleInodes:
		x.tell(PartState, "inodes", Warn, says, "--results makes some for each record.")
	default:
		x.tell(PartState, "inodes", OK, says, "")
	}
}

// tryOut tries locks, syncs, a shared map and a rename with a file of its own.
func (x *examination) tryOut(ctx context.Context, dir string, exists bool) {
	f, err := os.CreateTemp(dir, ".brood-doctor-")
	if err != nil {
		do := "Make the directory yours, or name another with --state or BROOD_STATE."
		if exists {
			do = "Make room, or make it writable: chmod u+w " + dir
		}
		x.tell(PartState, "writing", Fail, err.Error(), do)
		return
	}
	path := f.Name()
	defer func() { _ = os.Remove(path) }()
	defer func() { _ = f.Close() }()
	const elsewhere = "Choose a local disk with --state or BROOD_STATE."
	try := func(check, good string, err error) {
		if err != nil {
			x.tell(PartState, check, Fail, "do not work there: "+err.Error(), elsewhere)
			return
		}
		x.tell(PartState, check, OK, good, "")
	}
	try("locks", "hold", tryLock(path))
	took, err := trySync(ctx, dir, f)
	if says := fmt.Sprintf("one takes %s", took.Round(10*time.Microsecond)); err == nil && took > slowSync {
		x.tell(PartState, "syncs", Warn, says, "A run waits for one up to five times a second. A disk that is not shared, or that keeps what it has when the power goes, takes less than a millisecond.")
	} else {
		try("syncs", says, err)
	}
	try("maps", "work", tryMap(f))
	err = os.Rename(path, path+".renamed")
	if err == nil {
		path += ".renamed"
	}
	try("renames", "work", err)
}

// tryLock looks whether of two who want a lock one does not get it, as flock(2) has it.
func tryLock(path string) error {
	var files [2]*os.File
	for i := range files {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	lock := func(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
	if err := lock(files[0]); err != nil {
		return err
	}
	switch err := lock(files[1]); {
	case err == nil:
		return errors.New("two hold the same one")
	case !errors.Is(err, syscall.EWOULDBLOCK):
		return err
	}
	return nil
}

// trySync is how long a sync of a page takes, the middle one of a few, and that the name of a file can be synced.
func trySync(ctx context.Context, dir string, f *os.File) (time.Duration, error) {
	page := make([]byte, os.Getpagesize())
	var took []time.Duration
	for i := range 5 {
		if _, err := f.WriteAt(page, int64(i*len(page))); err != nil {
			return 0, err
		}
		begun := time.Now()
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(begun))
		if ctx.Err() != nil {
			break
		}
	}
	d, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer func() { _ = d.Close() }()
	slices.Sort(took)
	return took[len(took)/2], d.Sync()
}

// tryMap looks whether what is written through a shared map is in the file, as SQLite and the workers' notes need it.
func tryMap(f *os.File) error {
	m, err := unix.Mmap(int(f.Fd()), 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Munmap(m) }()
	copy(m, mapped)
	if err := unix.Msync(m, unix.MS_SYNC); err != nil {
		return err
	}
	b := make([]byte, len(mapped))
	if _, err := f.ReadAt(b, 0); err != nil {
		return err
	}
	if string(b) != mapped {
		return errors.New("what was written by the map is not in the file")
	}
	return nil
}

// product is that of two numbers whose types are others on each system.
func product[A, B ~int64 | ~uint64 | ~uint32](a A, b B) int64 { return int64(a) * int64(b) }
