// Package plan reads what is to be charged, checks all of it, and writes it down as a plan, which a run then
// does and nothing else. It charges nothing.
//
// A plan is a file of JSON lines, in UTF-8, each ended by a line feed:
//
//	{"brood_plan":1,…}       the header: who charges where, of what files, how many charges, their sums
//	{"invoice_id":"R-1",…}   a charge.Charge each, in the order of the run
//
// The header has the SHA-256 of all that follows it, and the hash of the plan is the SHA-256 of the whole file, so
// that whoever knows the hash knows every charge. There is no time in it, and no path: the same input makes the same
// plan, byte for byte. It is canonical: what is read is written again, and a file that is not then the same
// is refused, as is one whose count, sums or hash are not those of its lines. Of a plan that a state directory keeps
// charges may be forgotten since: see forgotten. The version is raised whenever an
// older brood would not understand a plan.
//
// It leaves to others: what a row means (mapping), what a provider asks of an amount (the providers), whether
// the plan was done before (register), and whose signature it has (approve).
package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Version is that of plans that are written.
const Version = 1

// mostLine is the longest line of a plan that is read, in bytes: a header has a template and a list of signers.
const mostLine = 8 << 20

// Header is the first line of a plan.
type Header struct {
	Version  int    `json:"brood_plan"`
	Provider string `json:"provider"`
	Account  string `json:"account"`
	Mode     Mode   `json:"mode"`
	Scope    string `json:"scope"`
	// Kind is that of all charges: a sum of what goes in and of what goes out would say nothing.
	Kind charge.Kind `json:"kind"`
	// Dunning is the run whose declined charges are tried again; Previous is the hash of the plan that this one was
	// compared with.
	Dunning  string             `json:"dunning,omitempty"`
	Previous string             `json:"previous,omitempty"`
	Sources  []Source           `json:"sources"`
	Map      string             `json:"map,omitempty"` // the name of a ready map, or the SHA-256 of a file
	Settings *settings.Settings `json:"settings"`      // with the caps as the flags had them
	Count    int                `json:"count"`
	Sums     money.Sums         `json:"sums"`
	Warnings map[Kind]int       `json:"warnings,omitempty"`
	Lines    string             `json:"lines_sha256"` // of all that follows the header, in hexadecimal
}

// Mode tells money from play.
type Mode string

// The modes. What a bank's file says is meant as it is written, so a plan of one is live.
const (
	Live Mode = "live"
	Test Mode = "test"
)

// Source is a file that the plan was made of.
type Source struct {
	Name   string `json:"name"` // without its directory
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}

// Plan is a plan that was read and checked.
type Plan struct {
	Header Header
	path   string
	hash   string
	start  int64 // where the charges begin
	gone   *forgotten
	// What the first line of the run's dataset is made of: see charge.Members.
	first     *charge.Charge
	firstLine int64 // how long it is in the plan, with its end
	members   charge.Members
}

// Hash is the SHA-256 of the file, in hexadecimal.
func (p *Plan) Hash() string { return p.hash }

// Path is where it was read.
func (p *Plan) Path() string { return p.path }

// ErrChanged is wrapped by what is said of a file that is no plan, or not as brood wrote it.
var ErrChanged = errors.New("the plan is not as brood wrote it; make it again with brood plan billing")

// Open reads a plan from end to end and checks all that can be told from it alone.
func Open(path string) (*Plan, error) {
	gone, err := readForgotten(path)
	if err != nil {
		return nil, err
	}
	p := &Plan{path: path, gone: gone}
	err = p.each(true, func(c *charge.Charge, line []byte) error {
		if p.first == nil {
			p.first, p.firstLine = c, int64(len(line))+1
		}
		p.members.Note(c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Each calls f for every charge, in order, and checks the plan once more while it reads: an error at its end means
// that the file has been changed since it was opened.
func (p *Plan) Each(f func(*charge.Charge) error) error {
	return p.each(false, func(c *charge.Charge, _ []byte) error { return f(c) })
}

// EachLine is Each with the line of each charge, without its end, borrowed.
func (p *Plan) EachLine(f func(c *charge.Charge, line []byte) error) error { return p.each(false, f) }

func (p *Plan) each(first bool, f func(*charge.Charge, []byte) error) error {
	file, err := os.Open(p.path)
	if err != nil {
		return fmt.Errorf("open the plan: %w", err)
	}
	defer func() { _ = file.Close() }()
	if st, err := file.Stat(); err != nil || !st.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("%s is no regular file, so it is no plan", p.path))
	}
	r := newReader(file)
	h, err := r.header()
	if err != nil {
		return fmt.Errorf("%s: %w", p.path, err)
	}
	start := r.at
	if p.gone != nil {
		r.lines = p.gone.Lines
	}
	if err := r.charges(h, f); err != nil {
		return fmt.Errorf("%s: %w", p.path, err)
	}
	hash := hex.EncodeToString(r.whole.Sum(nil))
	if p.gone != nil {
		if hash != p.gone.Now {
			return fmt.Errorf("%s: %w: it was changed since some of its charges were forgotten", p.path, ErrChanged)
		}
		hash = p.gone.Plan
	}
	if first {
		p.Header, p.hash, p.start = *h, hash, start
		return nil
	}
	if hash != p.hash {
		return fmt.Errorf("%s: %w: its hash was %s, and is %s", p.path, ErrChanged, p.hash, hash)
	}
	return nil
}

// reader reads the lines of a plan and sums them up.
type reader struct {
	in    *bufio.Reader
	line  int
	at    int64
	whole interface {
		io.Writer
		Sum([]byte) []byte
	}
	buf   []byte
	lines string // the hash of the lines, where it is another than the header says
}

func newReader(r io.Reader) *reader {
	return &reader{in: bufio.NewReaderSize(r, 1<<16), whole: sha256.New()}
}

func (r *reader) changed(format string, args ...any) error {
	return fmt.Errorf("line %d: %s: %w", r.line, fmt.Sprintf(format, args...), ErrChanged)
}

// next is the next line, with its end; io.EOF after the last one.
func (r *reader) next() ([]byte, error) {
	r.line++
	r.buf = r.buf[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.buf = append(r.buf, part...)
		switch {
		case err == nil:
			_, _ = r.whole.Write(r.buf) // a hash takes everything
			r.at += int64(len(r.buf))
			return r.buf, nil
		case errors.Is(err, io.EOF) && len(r.buf) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, r.changed("it has no end")
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(r.buf) > mostLine:
			return nil, r.changed("it is longer than %d bytes", mostLine)
		}
	}
}

func (r *reader) header() (*Header, error) {
	line, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil, r.changed("the file is empty")
	}
	if err != nil {
		return nil, err
	}
	var v struct {
		Version int `json:"brood_plan"`
	}
	if json.Unmarshal(line, &v) != nil || v.Version < 1 {
		return nil, r.changed("it is no header of a plan")
	}
	if v.Version != Version {
		return nil, fmt.Errorf("the plan has version %d, and this brood knows %d: use the one that made it, or plan again", v.Version, Version)
	}
	h := new(Header)
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(h); err != nil {
		return nil, r.changed("%v", err)
	}
	if h.Settings == nil {
		return nil, r.changed("there are no settings in it")
	}
	again, err := h.encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, line) {
		return nil, r.changed("the header is not canonical")
	}
	return h, nil
}

// charges reads the charges and compares them with the header.
func (r *reader) charges(h *Header, f func(*charge.Charge, []byte) error) error {
	sum, sums, count := sha256.New(), money.Sums{}, 0
	for {
		line, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		_, _ = sum.Write(line)
		line = line[:len(line)-1]
		c, err := charge.Decode(line)
		if err != nil {
			return r.changed("%v", err)
		}
		again, err := c.Encode()
		if err != nil || !bytes.Equal(again, line) {
			return errors.Join(err, r.changed("it is not canonical"))
		}
		a, err := c.Money()
		if err == nil {
			err = sums.Add(a)
		}
		if err != nil {
			return r.changed("%v", err)
		}
		if c.Kind != h.Kind {
			return r.changed("the header says that all are of kind %s, and it is a %s", h.Kind, c.Kind)
		}
		count++
		if err := f(c, line); err != nil {
			return err
		}
	}
	switch {
	case count != h.Count:
		return r.changed("the header says %d charges, and there are %d", h.Count, count)
	case !sums.Equal(&h.Sums):
		return r.changed("the header says %s, and the charges make %s", &h.Sums, &sums)
	case hex.EncodeToString(sum.Sum(nil)) != cmp.Or(r.lines, h.Lines):
		return r.changed("the header has the hash of other lines")
	}
	return nil
}

// encode is the header's line, with its end.
func (h *Header) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(h); err != nil {
		return nil, fmt.Errorf("encode the header of the plan: %w", err)
	}
	return b.Bytes(), nil
}
