package stripe

import (
	"cmp"
	"net/url"
	"slices"
)

// form are the members of a request, in the order in which they were set. It is url.Values for names that have one value, without a map and a
// slice for each, as there are a dozen in every request. Nil is one without members.
type form struct{ members []member }

type member struct{ name, value string }

func formOf(members ...member) *form { return &form{members} }

// Set gives a member its value.
func (f *form) Set(name, value string) {
	for i := range f.members {
		if f.members[i].name == name {
			f.members[i].value = value
			return
		}
	}
	f.members = append(f.members, member{name, value})
}

// Del takes a member away.
func (f *form) Del(name string) {
	f.members = slices.DeleteFunc(f.members, func(m member) bool { return m.name == name })
}

// Encode is that of url.Values: sorted by name, so that the same members are the same bytes.
func (f *form) Encode() string {
	if f == nil {
		return ""
	}
	size := 0
	for _, m := range f.members {
		size += len(m.name) + len(m.value) + len("&=") + room
	}
	sorted := slices.Clone(f.members)
	slices.SortFunc(sorted, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	b := make([]byte, 0, size)
	for i, m := range sorted {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, url.QueryEscape(m.name)...)
		b = append(b, '=')
		b = append(b, url.QueryEscape(m.value)...)
	}
	return string(b)
}

// room is what a member may grow by when it is escaped; brackets make four bytes.
const room = 4
