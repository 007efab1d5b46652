package email

import (
	"brood/jobs"
	"brood/jobs/files"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"maps"
	netmail "net/mail"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// suppressions are lists of who must not be written to. They are read again when
// they have changed, so that what is added while a run goes on still counts.
type suppressions struct {
	mu    sync.Mutex // of what follows
	files []*suppressFile
}

// suppressFile is one list: a line is an address, a domain (with an @ before it or
// not), or the SHA-256 of an address in its normal form, in hexadecimal digits.
// What stands behind a comma, a semicolon or white space is left out, as are empty
// lines, those that begin with #, and a first line that names a column.
type suppressFile struct {
	path string
	seed maphash.Seed
	// entries are the first halves of the SHA-256 of addresses, and of domains with
	// an @ before them; sorted but for those in recent.
	entries []suppressed
	recent  map[suppressed]bool
	tail    map[suppressed]bool // of a last line that may not be whole yet
	stat    fileState
	size    int64  // of what has been read as whole lines
	sum     uint64 // of that
	line    int    // of its last line
	next    time.Time
	trouble string // told already
	// before are the entries of a list that is being written anew, and counts until
	// then: it may be short for a moment.
	before map[suppressed]bool
	until  time.Time
}

// settleTime is how long a list that is written anew may take for it.
const settleTime = 2 * time.Second

type suppressed [sha256.Size / 2]byte

// fileState is what tells one state of a file from another.
type fileState struct {
	inode    uint64
	size     int64
	modified time.Time
}

func openSuppressions(paths []string) (*suppressions, error) {
	s := &suppressions{}
	for _, p := range paths {
		f := &suppressFile{path: p, seed: maphash.MakeSeed(), recent: make(map[suppressed]bool)}
		if err := f.load(); err != nil {
			return nil, err
		}
		s.files = append(s.files, f)
	}
	return s, nil
}

// has reports whether an address must not be written to. A list that cannot be
// read any more keeps what it had; that is told by trouble.
func (s *suppressions) has(address string, trouble func(error)) bool {
	if len(s.files) == 0 {
		return false
	}
	found, troubles := s.look(address)
	for _, err := range troubles {
		trouble(err)
	}
	return found
}

// look is has, and what it would tell.
func (s *suppressions) look(address string) (found bool, troubles []error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	normal := jobs.NormalAddress([]byte(address))
	domain := normal[max(bytes.LastIndexByte(normal, '@'), 0):]
	if len(domain) == 0 {
		return false, nil
	}
	written := normal // whoever made a hash may have taken the letters of the domain as they are
	if u, err := idna.ToUnicode(string(domain[1:])); err == nil {
		written = slices.Concat(normal[:len(normal)-len(domain)+1], []byte(u))
	}
	for _, f := range s.files {
		if err := f.refresh(); err != nil && err.Error() != f.trouble {
			f.trouble = err.Error()
			troubles = append(troubles, err)
		}
		if f.has(sumOf(normal)) || f.has(sumOf(domain)) || f.has(sumOf(written)) || f.hasAbove(domain) {
			return true, troubles
		}
	}
	return false, troubles
}

// hasAbove reports whether a list has all below a domain that this one is below.
func (f *suppressFile) hasAbove(domain []byte) bool {
	for i := 1; i < len(domain); i++ {
		if domain[i] == '.' && f.has(sumOf(append([]byte("@"), domain[i:]...))) {
			return true
		}
	}
	return false
}

func sumOf(b []byte) suppressed {
	full := sha256.Sum256(b)
	return suppressed(full[:len(suppressed{})])
}

func (f *suppressFile) has(s suppressed) bool {
	if f.recent[s] || f.tail[s] || f.before[s] {
		return true
	}
	_, found := slices.BinarySearchFunc(f.entries, s, func(a, b suppressed) int { return bytes.Compare(a[:], b[:]) })
	return found
}

// refresh reads the file again if it has changed; a large one not so often that
// this is all that is done.
func (f *suppressFile) refresh() error {
	now := time.Now()
	if now.Before(f.next) {
		return nil
	}
	st, err := os.Stat(files.Where(f.path))
	if err != nil {
		return fmt.Errorf("--suppress: %w; what it said before still counts", err)
	}
	if stateOf(st) == f.stat {
		if f.before != nil && now.After(f.until) {
			f.before = nil
		}
		return nil
	}
	const share = 10 // of the time, at most a tenth
	err = f.load()
	f.next = time.Now().Add(share * time.Since(now))
	return err
}

func stateOf(st fs.FileInfo) fileState {
	s := fileState{size: st.Size(), modified: st.ModTime()}
	if sys, ok := inodeOf(st); ok {
		s.inode = sys
	}
	return s
}

// load reads the file. Where it has only grown, what was read before is kept. A
// line that is none of what may be there is an error, and the others count.
func (f *suppressFile) load() error {
	st, err := os.Stat(files.Where(f.path))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(files.Where(f.path))
	if err != nil {
		return err
	}
	f.stat = stateOf(st) // of before it was read: what comes after counts as a change
	if int64(len(text)) < f.size || maphash.Bytes(f.seed, text[:f.size]) != f.sum {
		f.keep()
		f.entries, f.size, f.line = nil, 0, 0
		clear(f.recent)
	}
	if f.before != nil {
		f.until = time.Now().Add(settleTime)
	}
	var bad error
	added := make(map[suppressed]bool)
	f.tail = make(map[suppressed]bool)
	rest := text[f.size:]
	for len(rest) > 0 {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		if !whole { // somebody may be writing it
			_ = f.add(f.tail, line)
			break
		}
		if err := f.add(added, line); err != nil && bad == nil {
			bad = fmt.Errorf("%s:%d:1: %w", f.path, f.line+1, err)
		}
		f.line++
		f.size += int64(len(line)) + 1
		rest = after
	}
	f.sum = maphash.Bytes(f.seed, text[:f.size])
	f.merge(added)
	return bad
}

// keep lets the entries there are count for a while yet.
func (f *suppressFile) keep() {
	if f.size == 0 {
		return
	}
	if f.before == nil {
		f.before = make(map[suppressed]bool, f.count())
	}
	for _, s := range f.entries {
		f.before[s] = true
	}
	maps.Copy(f.before, f.recent)
}

// merge takes over entries: a few by the side, many into the sorted list.
func (f *suppressFile) merge(added map[suppressed]bool) {
	const few = 4096
	for s := range added {
		f.recent[s] = true
	}
	if len(f.recent) <= few {
		return
	}
	for s := range f.recent {
		f.entries = append(f.entries, s)
	}
	clear(f.recent)
	slices.SortFunc(f.entries, func(a, b suppressed) int { return bytes.Compare(a[:], b[:]) })
	f.entries = slices.Compact(f.entries)
}

// columnNames are what the first line of a list may say, in small letters.
var columnNames = []string{
	"email", "e-mail", "mail", "to", "address", "addresses", "email_address", "email address", "e-mail address", "emailaddress",
	"recipient", "recipients", "domain", "domains", "hash", "sha256", "sha-256",
}

// add reads one line.
func (f *suppressFile) add(to map[suppressed]bool, line []byte) error {
	text := strings.Trim(string(bytes.TrimSpace(line)), "\ufeff")
	if text == "" || text[0] == '#' {
		return nil
	}
	if strings.ContainsRune(text, '\r') {
		return errors.New("lines are to end with a line feed")
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return errors.New("it is not in UTF-8: convert the list, as with iconv -f utf-16 -t utf-8, or -f latin1")
	}
	word, rest := text, ""
	pattern := "*?:/" // what an entry must not have, as it would not count as one
	if a, err := netmail.ParseAddress(text); err == nil {
		word, pattern = a.Address, "*?:" // RFC 5322, section 3.2.3, allows a slash
	} else if name, inside, ok := strings.Cut(text, "<"); ok && (!strings.Contains(name, "@") || strings.EqualFold(strings.Trim(name, `" `)+">", inside)) { // Ada <ada@example.com>
		word, rest, _ = strings.Cut(inside, ">")
	} else if inside, behind, ok := strings.Cut(strings.TrimPrefix(text, `"`), `"`); ok && text[0] == '"' && behind != "" && strings.ContainsRune(",;\t ", rune(behind[0])) || ok && behind == "" && text[0] == '"' {
		word, rest = strings.TrimSpace(inside), behind
	} else if i := strings.IndexAny(text, ",;\t "); i >= 0 {
		word, rest = text[:i], text[i:]
	}
	if strings.Contains(rest, "@") {
		return errors.New("there are two addresses in one line: write each into a line of its own")
	}
	word = strings.Trim(word, "'")
	if scheme, address, ok := strings.Cut(word, ":"); ok && strings.EqualFold(scheme, "mailto") {
		word, _, _ = strings.Cut(address, "?")
	}
	if b, err := hex.DecodeString(word); err == nil && len(b) == sha256.Size {
		to[suppressed(b[:len(suppressed{})])] = true
		return nil
	}
	if name := strings.ToLower(word); f.line == 0 && (slices.Contains(columnNames, name) || slices.Contains(columnNames, strings.ToLower(text))) {
		return nil
	}
	below := strings.HasPrefix(word, ".") || strings.HasPrefix(word, "*.") // and all domains below it
	word = strings.TrimLeft(word, "*.")
	normal := string(jobs.NormalAddress([]byte(word)))
	switch local, domain, ok := cutAddress(normal); {
	case strings.ContainsAny(normal, pattern):
		return fmt.Errorf("%q is neither an address, nor a domain, nor a SHA-256", word)
	case !ok && strings.Contains(strings.Trim(normal, "."), "."):
		normal = string(jobs.NormalAddress([]byte("@" + word)))
		to[sumOf([]byte(normal))] = true
		if below {
			to[sumOf([]byte("@."+normal[1:]))] = true
		}
	case ok && domain != "" && (strings.Contains(domain, ".") || local != "" && rest == "") && !strings.Contains(domain, "@"):
		to[sumOf([]byte(normal))] = true // with nothing before the @, a domain
	default:
		return fmt.Errorf("%q is neither an address, nor a domain, nor a SHA-256", word)
	}
	return nil
}

// count is how many entries a list has.
func (f *suppressFile) count() int { return len(f.entries) + len(f.recent) + len(f.tail) }

// openBounced opens the list to which addresses are added.
func openBounced(path string) (*os.File, error) {
	return files.Append(path, 0o644)
}

// oneAddress reports whether a text is an address, and nothing else: a line of a list
// could also be a whole domain.
func oneAddress(s string) bool {
	a, err := netmail.ParseAddress(s)
	return err == nil && a.Name == "" && !strings.ContainsAny(s, "<>,;#\"") && !strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || hidden(r) || unicode.Is(unicode.Cf, r) }) &&
		!strings.HasPrefix(s, "*") && utf8.ValidString(s)
}

// readsAs reports whether a line that is an address as it is written would be read as that
// address, and nothing else.
func readsAs(address string) bool {
	read := make(map[suppressed]bool)
	f := &suppressFile{line: 1}
	return oneAddress(address) && f.add(read, []byte(address)) == nil && len(read) == 1 && read[sumOf(jobs.NormalAddress([]byte(address)))]
}

// noteBounce adds an address to a list, durably. Several workers may do so at the
// same time.
func noteBounce(path, address string) error {
	if !readsAs(address) {
		sum := sha256.Sum256(jobs.NormalAddress([]byte(address)))
		address = hex.EncodeToString(sum[:])
	}
	f, err := openBounced(path)
	if err != nil {
		return err
	}
	// One write at the end of the file: no lock, which whoever may read the list could hold.
	// Two at a time may both end a line that had no end; an empty line says nothing.
	_, err = f.WriteString(lineEnd(f) + address + "\n")
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// lineEnd is what a list lacks whose last line has no end.
func lineEnd(f *os.File) string {
	last := make([]byte, 1)
	if st, err := f.Stat(); err != nil || st.Size() == 0 || !st.Mode().IsRegular() {
		return ""
	} else if _, err := f.ReadAt(last, st.Size()-1); err != nil || last[0] == '\n' {
		return ""
	}
	return "\n"
}
