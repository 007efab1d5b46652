//go:build !cgo

package rest

import (
	"bytes"
	"runtime"

	"golang.org/x/sys/unix"
)

// A program with cgo is not meant here: its linker has pages that the loader has written to and may not be written to any more
// (RELRO), and to let go of these would end it.

// linked is where Go's linker puts a program that is not relocated when it is loaded (ELF's ET_EXEC, on all 64-bit systems but
// arm64). One that is has pages in mappings that cannot be written to which are not those of its file, and keeps all.
const (
	linked    = 0x400000
	linkedARM = 0x10000
)

// letGo takes the pages of the executable out of this process's table of pages, but for those that may be written to. It needs
// no memory of its own.
func letGo() {
	fd, err := unix.Open("/proc/self/maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	var text [1 << 10]byte // what is not relocated comes first
	n, err := unix.Read(fd, text[:])
	_ = unix.Close(fd) // it was only read
	if err != nil || n <= 0 {
		return
	}
	eachClean(text[:n], here(), func(from, to uint64) {
		// MADV_DONTNEED of a private mapping of a file: the next use reads the file again, see madvise(2). What was written, but for a
		// debugger's breakpoints, would be lost by that, and there is nothing of the kind.
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(from), uintptr(to-from), unix.MADV_DONTNEED)
	})
}

// here is an address in the code of this process.
func here() uint64 {
	var pc [1]uintptr
	runtime.Callers(1, pc[:])
	return uint64(pc[0])
}

// eachClean gives the mappings, at the beginning of those that are told, of the file that an address is of, and that cannot be written
// to, if it is not relocated: of proc_pid_maps(5). A line that is cut off does not count.
func eachClean(maps []byte, address uint64, do func(from, to uint64)) {
	var first mapping
	found := false
	for rest := maps; ; {
		line, more, whole := bytes.Cut(rest, []byte{'\n'})
		m, ok := readMapping(line)
		if !whole || !ok {
			break
		}
		if rest = more; first.file == nil {
			first = m
		}
		if !bytes.Equal(m.file, first.file) {
			break
		}
		found = found || m.from <= address && address < m.to
	}
	if !found || first.from != linked && first.from != linkedARM {
		return
	}
	for rest := maps; ; {
		line, more, whole := bytes.Cut(rest, []byte{'\n'})
		m, ok := readMapping(line)
		if !whole || !ok || !bytes.Equal(m.file, first.file) {
			return
		}
		if rest = more; m.clean {
			do(m.from, m.to)
		}
	}
}

// mapping is a part of the address space.
type mapping struct {
	from, to uint64
	clean    bool   // it can be read, and not be written to, and what is in it is this process's view
	file     []byte // its device and number
}

// readMapping reads a line about a mapping of a file: FROM-TO PERMS OFFSET DEVICE NUMBER PATH.
func readMapping(line []byte) (m mapping, ok bool) {
	from, rest, _ := bytes.Cut(line, []byte{'-'})
	to, rest, _ := bytes.Cut(rest, []byte{' '})
	perms, rest, _ := bytes.Cut(rest, []byte{' '})
	_, rest, _ = bytes.Cut(rest, []byte{' '}) // where in the file
	device, rest, _ := bytes.Cut(rest, []byte{' '})
	number, _, _ := bytes.Cut(rest, []byte{' '})
	if len(perms) != 4 || len(number) == 0 || string(number) == "0" {
		return m, false
	}
	m.file = rest[:len(number)]
	if n := len(device) + 1 + len(number); cap(device) >= n {
		m.file = device[:n] // they stand side by side
	}
	var good [2]bool
	m.from, good[0] = hex(from)
	m.to, good[1] = hex(to)
	m.clean = perms[0] == 'r' && perms[1] == '-' && perms[3] == 'p'
	return m, good[0] && good[1] && m.from < m.to
}

// hex reads a number.
func hex(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 16 {
		return 0, false
	}
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return n, true
}
