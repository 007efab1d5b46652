package email

import (
	"cmp"
	"fmt"
	"slices"
	"text/template/parse"
)

// What could be said of a template's addresses before there is a record.

// check refuses a template of which no record could make a list of addresses. Where there are
// conditions it is enough if one way through them does.
func (s *slotted) check() error {
	var first error
	for _, w := range s.ways() {
		_, err := s.parse(w.marked)
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
	}
	return first
}

// checkTo refuses a To that does not give the address of the record: brood writes to that one,
// and whoever reads To believes it.
func (s *slotted) checkTo(c *columns) error {
	for _, w := range s.ways() {
		places, err := s.parse(w.marked)
		if err == nil && (len(places) != 1 || places[0].whole < 0 || !c.isAddress(w.actions[places[0].whole])) {
			return fmt.Errorf("header To: %q: each message goes to the address of its record, so leave it out, or write To: {{.name}} <%s>; others go into Cc or Bcc", s.text, written(slices.Concat(c.addresses, addressColumns)[0]))
		}
	}
	return nil
}

// isAddress reports whether an action gives a column of the address.
func (c *columns) isAddress(a *parse.ActionNode) bool {
	found := false
	see := func(name string) {
		if other, ok := c.plain[name]; ok {
			name = other
		}
		found = found || slices.Contains(c.addresses, name)
	}
	for _, name := range fields(a) {
		see(name)
	}
	walkArgs(a.Pipe, func(n *parse.StringNode) { see(n.Text) }) // index . "e-mail", get . "email" ""
	return found
}

// walkArgs calls f for the texts that a pipeline has as arguments.
func walkArgs(pipe *parse.PipeNode, f func(*parse.StringNode)) {
	for _, cmd := range pipe.Cmds {
		for _, arg := range cmd.Args {
			switch n := arg.(type) {
			case *parse.StringNode:
				f(n)
			case *parse.PipeNode:
				walkArgs(n, f)
			}
		}
	}
}

// checkFrom refuses two senders of whom nobody says who sends it, where that is sure.
func (m *layout) checkFrom() error {
	n := 0
	for _, h := range m.headers {
		if h.name != "From" {
			continue
		}
		least := -1
		for _, w := range h.addresses.ways() {
			if places, err := h.addresses.parse(w.marked); err == nil && (least < 0 || len(places) < least) {
				least = len(places)
			}
		}
		n += max(least, 0)
	}
	if n > 1 && !m.has("Sender") {
		return fmt.Errorf("header From has %d addresses: a header Sender must say which of them sends it (or is there a name with a comma in it? It goes into quotes)", n)
	}
	return nil
}

// way is what a template writes on one way through its conditions.
type way struct {
	marked  string
	actions []*parse.ActionNode
}

// ways are the first of all of them. A range is gone through once or not at all. There are none
// where other templates are called: only a record can tell.
func (s *slotted) ways() []way {
	out := []way{{}}
	var add func(node parse.Node)
	branch := func(b *parse.BranchNode) {
		before := slices.Clone(out)
		add(b.List)
		with := out
		out = before
		if b.ElseList != nil {
			add(b.ElseList)
		}
		out = append(with, out...)
		out = out[:min(len(out), mostParsed)]
	}
	add = func(node parse.Node) {
		switch n := node.(type) {
		case *parse.ListNode:
			for _, c := range n.Nodes {
				add(c)
			}
		case *parse.TextNode:
			for i := range out {
				out[i].marked += string(n.Text)
			}
		case *parse.ActionNode:
			for i := range out {
				if len(n.Pipe.Decl) == 0 {
					out[i].marked += s.markOf(len(out[i].actions))
					out[i].actions = append(slices.Clip(out[i].actions), n)
				}
			}
		case *parse.IfNode:
			branch(&n.BranchNode)
		case *parse.WithNode:
			branch(&n.BranchNode)
		case *parse.RangeNode:
			branch(&n.BranchNode)
		case *parse.TemplateNode:
			out = nil
		}
	}
	add(s.tpl.Root)
	return out
}
