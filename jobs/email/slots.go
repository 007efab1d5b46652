package email

import (
	"brood/jobs"
	"crypto/rand"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
)

// What a value may do in a header of addresses is decided by where it stands in the template,
// and not by what it is: a name with a comma and an @ in it must not become another recipient.
// So what a template writes is read as a list of addresses before any value is in it. Each action
// writes a mark, a word of letters and digits that nobody can guess; the list is parsed; and only
// then values take the places of their marks: a name, a part of an address, or, where an action
// is all that stands between two commas, or in angle brackets, one whole address.

// slotted is the template of a header whose values come in after it was parsed.
type slotted struct {
	header string
	what   string // what errors call it
	free   bool   // values may have line breaks
	fixed  bool   // there are none
	text   string // the template
	mark   string // what all marks begin with
	tpl    *template.Template

	mu     sync.Mutex         // one execution at a time
	values []string           // of that one, by the number of their mark
	parsed map[string][]place // also under mu
}

// mostParsed is how many texts with marks are kept as they were parsed: one for each way
// through the conditions of a template.
const mostParsed = 64

// slotFunction is called at the end of each action that writes something.
const slotFunction = "brood_slot"

func newSlotted(header, text string, shape *jobs.Shape) (*slotted, error) {
	s := &slotted{header: header, what: "header " + header, text: text, fixed: !strings.Contains(text, "{{"), mark: "Brood" + rand.Text() + "N", parsed: make(map[string][]place)}
	var err error
	s.tpl, err = template.New(header).Option("missingkey=error").Funcs(functions()).Funcs(template.FuncMap{slotFunction: s.take}).Parse(text)
	if err != nil {
		return nil, explain(err)
	}
	for _, t := range s.tpl.Templates() {
		if err := prepare(header, t.Tree, shape); err != nil {
			return nil, err
		}
		if t.Tree == nil {
			continue
		}
		walk(t.Root, func(n parse.Node) {
			if a, ok := n.(*parse.ActionNode); ok && len(a.Pipe.Decl) == 0 {
				a.Pipe.Cmds = append(a.Pipe.Cmds, &parse.CommandNode{
					NodeType: parse.NodeCommand, Pos: a.Pos,
					Args: []parse.Node{parse.NewIdentifier(slotFunction).SetTree(t.Tree).SetPos(a.Pos)},
				})
			}
		})
	}
	return s, nil
}

// take keeps what an action writes, and gives its mark instead.
func (s *slotted) take(v any) (string, error) {
	if v == nil {
		return "", errors.New("a value is missing")
	}
	text := fmt.Sprint(v)
	err := isText(text)
	if !s.free {
		err = oneLine(s.what, text)
	} else if err != nil {
		err = fmt.Errorf("%s: a value %w", s.what, err)
	}
	if err != nil {
		return "", &valueError{err}
	}
	s.values = append(s.values, text)
	return s.markOf(len(s.values) - 1), nil
}

// valueError is about what a record says, not about the template.
type valueError struct{ error }

func (s *slotted) markOf(i int) string { return s.mark + strconv.Itoa(i) + "X" }

// fill gives what the template writes, with marks, and the values that belong there.
func (s *slotted) fill(vars variables) (marked string, values []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = s.values[:0]
	marked, err = fill(s.tpl, vars)
	var bad *valueError
	if errors.As(err, &bad) {
		return "", nil, &badRecord{classHeader, bad.error}
	}
	if err == nil {
		for _, v := range s.values {
			if err = holes(v, s.text, vars); err != nil {
				break
			}
		}
	}
	if err != nil {
		return "", nil, &badRecord{classTemplate, fmt.Errorf("%s: %w", s.what, err)}
	}
	return marked, slices.Clone(s.values), nil
}

// mailboxes are the addresses that a record makes of the template. An error is a *badRecord.
func (s *slotted) mailboxes(vars variables) ([]mailbox, error) {
	marked, values := s.text, []string(nil)
	var err error
	if !s.fixed {
		if marked, values, err = s.fill(vars); err != nil {
			return nil, err
		}
	}
	places, err := s.placesOf(marked)
	if err != nil {
		return nil, &badRecord{classHeader, err}
	}
	var out []mailbox
	for i := range places {
		box, ok, err := places[i].fill(s.header, values)
		if err != nil {
			return nil, &badRecord{classHeader, err}
		}
		if ok {
			out = append(out, box)
		}
	}
	return out, nil
}

// placesOf parses a list of addresses with marks in it, unless that was done for another record.
func (s *slotted) placesOf(marked string) ([]place, error) {
	s.mu.Lock()
	places, there := s.parsed[marked]
	s.mu.Unlock()
	if there {
		return places, nil
	}
	places, err := s.parse(marked)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parsed) < mostParsed {
		s.parsed[marked] = places
	}
	return places, nil
}

// piece is a part of a text: what the template says, or a value.
type piece struct {
	text string
	slot int // -1: it is text
}

// place is one address of a template.
type place struct {
	box                 mailbox // as it is, if nothing of it is a value
	name, local, domain []piece
	address             string // if no value is in it
	whole               int    // the value that is the address, or -1
	bare                bool   // that value stands in angle brackets: it has no name of its own
}

// The domains of marks that stand for a whole address; beneath .invalid there are no others
// (RFC 2606), and none that begins with a mark.
func (s *slotted) wholeDomain() string { return s.mark + "whole.invalid" }
func (s *slotted) bareDomain() string  { return s.mark + "bare.invalid" }

// parse reads a list of addresses with marks in it.
func (s *slotted) parse(marked string) ([]place, error) {
	spelt := s.spelt(marked)
	if spelt == "" {
		return nil, nil
	}
	list, err := lists.ParseList(spelt)
	if err != nil {
		hint := ""
		if strings.Contains(s.text, ",") {
			hint = " (a name with a comma in it goes into quotes)"
		}
		return nil, fmt.Errorf("header %s: %q: %w%s", s.header, s.text, err, hint)
	}
	var out []place
	seen := 0
	for _, a := range list {
		p := place{whole: -1, name: s.pieces(a.Name)}
		local, domain, _ := cutAddress(a.Address)
		switch p.local = s.pieces(local); domain {
		case s.wholeDomain(), s.bareDomain():
			p.whole, p.bare, p.local = p.local[0].slot, domain == s.bareDomain(), nil
			seen++
		default:
			p.domain = s.pieces(domain)
		}
		if p.whole < 0 && slots(p.local)+slots(p.domain) == 0 {
			box, err := newMailbox(s.header, a)
			if err != nil {
				return nil, err
			}
			if p.address = box.address; slots(p.name) == 0 {
				p.box = box
			}
		}
		seen += slots(p.name) + slots(p.local) + slots(p.domain)
		out = append(out, p)
	}
	if seen != strings.Count(marked, s.mark) {
		return nil, fmt.Errorf("header %s: %q: a value stands where nobody would read it, in a comment or in the name of a group", s.header, s.text)
	}
	return out, nil
}

// pieces cuts a text at its marks.
func (s *slotted) pieces(text string) []piece {
	var out []piece
	for {
		before, rest, ok := strings.Cut(text, s.mark)
		if before != "" {
			out = append(out, piece{before, -1})
		}
		if !ok {
			return out
		}
		number, after, _ := strings.Cut(rest, "X")
		n, err := strconv.Atoi(number)
		if err != nil {
			n = -1 // it cannot be: marks are written by markOf alone
		}
		out = append(out, piece{"", n})
		text = after
	}
}

func slots(pieces []piece) int {
	n := 0
	for _, p := range pieces {
		if p.slot >= 0 {
			n++
		}
	}
	return n
}

// lone reports whether a text is one mark and nothing else.
func (s *slotted) lone(text string) bool {
	p := s.pieces(text)
	return len(p) == 1 && p[0].slot >= 0
}

// spelt gives each mark that stands for a whole address a domain, so that the list can be
// parsed: RFC 5322, section 3.4. It is nothing if there is nothing in the list.
func (s *slotted) spelt(marked string) string {
	if strings.Trim(marked, ", \t") == "" {
		return ""
	}
	var out strings.Builder
	begin, comments := 0, 0
	quoted, angle, fresh := false, false, true // fresh: the element has had no angle brackets
	end := func(i int, domain string) {
		element := marked[begin:i]
		if domain != "" && s.lone(strings.TrimSpace(element)) {
			element = strings.TrimSpace(element) + "@" + domain
		}
		out.WriteString(element)
		begin = i
	}
	for i := 0; i < len(marked); i++ {
		c := marked[i]
		switch {
		case c == '\\' && (quoted || comments > 0):
			i++
		case quoted:
			quoted = c != '"'
		case c == '(':
			comments++
		case c == ')' && comments > 0:
			comments--
		case comments > 0:
		case c == '"':
			quoted = true
		case c == '<' && !angle:
			end(i, "")
			angle, fresh, begin = true, false, i+1
			out.WriteByte(c)
		case c == '>' && angle:
			end(i, s.bareDomain())
			angle = false
		case !angle && strings.IndexByte(",:;", c) >= 0:
			if fresh {
				end(i, s.wholeDomain())
			}
			end(i, "")
			fresh, begin = true, i+1
			out.WriteByte(c)
		}
	}
	if fresh {
		end(len(marked), s.wholeDomain())
	}
	end(len(marked), "")
	return out.String()
}

// join puts values into their places.
func join(pieces []piece, values []string) string {
	if len(pieces) == 1 && pieces[0].slot < 0 {
		return pieces[0].text
	}
	var out strings.Builder
	for _, p := range pieces {
		if p.slot >= 0 {
			out.WriteString(values[p.slot])
		} else {
			out.WriteString(p.text)
		}
	}
	return out.String()
}

// fill is the address with a record's values, or nothing if it is a whole one that is empty.
func (p *place) fill(header string, values []string) (box mailbox, ok bool, err error) {
	if p.box.address != "" {
		return p.box, true, nil
	}
	a := &netmail.Address{Name: strings.TrimSpace(join(p.name, values)), Address: p.address}
	switch {
	case p.address != "":
		box, err = writtenMailbox(header, a)
		return box, err == nil, err
	case p.whole < 0:
		if a.Address, err = spec(p, values); err != nil {
			return box, false, fmt.Errorf("header %s: %w", header, err)
		}
	default:
		value := strings.TrimSpace(values[p.whole])
		if value == "" && !p.bare {
			return box, false, nil // the column that it is made of is empty
		}
		one := value
		if p.bare {
			one = "<" + value + ">"
		}
		whole, err := onlyAddress(one)
		if err != nil {
			return box, false, fmt.Errorf("header %s: %w", header, err)
		}
		if p.bare && whole.Name != "" {
			return box, false, fmt.Errorf("header %s: %q is not an address alone", header, value)
		}
		if a.Address = whole.Address; !p.bare {
			a.Name = whole.Name
		}
	}
	box, err = newMailbox(header, a)
	return box, err == nil, err
}

// spec is the address of a place that has values in it, each of which is a part of it and no
// more: RFC 5322, section 3.4.1, without quotes.
func spec(p *place, values []string) (string, error) {
	local, domain := join(p.local, values), join(p.domain, values)
	if slots(p.local) > 0 && path(local+"@x") != "<"+local+"@x>" {
		return "", fmt.Errorf("%q cannot stand before the @ of an address", local)
	}
	if slots(p.domain) > 0 && strings.ContainsAny(domain, "[]()<>,;:@\\\" \t") {
		return "", fmt.Errorf("%q cannot stand behind the @ of an address", domain)
	}
	return local + "@" + domain, nil
}
