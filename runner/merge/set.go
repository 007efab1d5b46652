package merge

import (
	"brood/runner/ledger"
	"brood/runner/spec"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Set is all shards of a run, in their order.
type Set struct {
	Shards []*Shard
	Totals ledger.Totals // of all together
	cfg    *spec.Config  // of the first
}

// Base is what the shards are called together.
func (s *Set) Base() string { return s.cfg.Shard.Base }

// Target is the file that -o of the shards has named.
func (s *Set) Target() string { return s.cfg.Form.Path }

// Kind is what kind of file that is.
func (s *Set) Kind() spec.FormKind { return s.cfg.Form.Kind }

// Job is the job of the shards.
func (s *Set) Job() string { return s.cfg.Job }

// Paths are the files of the dataset, as the shards have named them.
func (s *Set) Paths() []string {
	var out []string
	for _, x := range s.Shards {
		out = append(out, x.cfg.Dataset.Paths...)
	}
	return out
}

// Problem is why some directories are no set that can be merged: what is wrong with each.
type Problem struct{ Lines []string }

// linesShown is how many lines of what is wrong are shown.
const linesShown = 20

func (p *Problem) Error() string {
	lines := p.Lines
	if more := len(lines) - linesShown; more > 0 {
		lines = append(slices.Clone(lines[:linesShown]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Open looks at the directories of runs, and at all there is to be known of them. An error is a *Problem where they are
// not the shards of one run, each once and done.
func Open(ctx context.Context, dirs []string) (*Set, error) {
	p := &Problem{}
	s := &Set{}
	for _, dir := range dirs {
		x, err := load(ctx, dir)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			p.add("%s: %v", dir, err)
		default:
			s.Shards = append(s.Shards, x)
		}
	}
	if len(s.Shards) == 0 {
		if len(p.Lines) == 0 {
			p.add("there is no shard to merge")
		}
		return nil, p
	}
	s.cfg = s.Shards[0].cfg
	s.alike(p)
	s.complete(p)
	if len(p.Lines) > 0 {
		return nil, p
	}
	for _, x := range s.Shards {
		t := &s.Totals
		t.Input, t.OK, t.Failed = t.Input+x.Totals.Input, t.OK+x.Totals.OK, t.Failed+x.Totals.Failed
		t.Skipped, t.Unknown = t.Skipped+x.Totals.Skipped, t.Unknown+x.Totals.Unknown
	}
	return s, nil
}

func (p *Problem) add(format string, args ...any) {
	p.Lines = append(p.Lines, fmt.Sprintf(format, args...))
}

// alike refuses shards of other runs than that of the first.
func (s *Set) alike(p *Problem) {
	first := s.Shards[0].traits
	for _, x := range s.Shards[1:] {
		for i, t := range x.traits {
			if t.value != first[i].value {
				p.add("%s is no shard of the same run as %s: %s", x.Dir, s.Shards[0].Dir, t.differs)
				x.foreign = true
				break
			}
		}
	}
}

// complete refuses a shard that is missing, or is there twice, and puts them in order.
func (s *Set) complete(p *Problem) {
	of := s.cfg.Shard.Of
	by := make(map[int]*Shard, of)
	for _, x := range s.Shards {
		part := x.cfg.Shard.Part
		if x.foreign { // and has been told of
			continue
		}
		if other := by[part.Index]; other != nil {
			p.add("shard %s is there twice, in %s and %s: leave one of them out", part, other.Dir, x.Dir)
			continue
		}
		by[part.Index] = x
	}
	var missing []int
	for i := range of {
		if by[i+1] == nil {
			missing = append(missing, i+1)
		}
	}
	if len(missing) > 0 && len(p.Lines) == 0 {
		p.add("of %d shards %s missing: name the directories of their runs as well, or run them (--shard %d/%d)", of, isOrAre(missing), missing[0], of)
	}
	slices.SortFunc(s.Shards, func(a, b *Shard) int { return cmp.Compare(a.cfg.Shard.Index, b.cfg.Shard.Index) })
}

// isOrAre words numbers, those that follow one another as a range.
func isOrAre(list []int) string {
	var out []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		switch {
		case j > i+1:
			out = append(out, fmt.Sprintf("%d to %d", list[i], list[j]))
		case j > i:
			out = append(out, fmt.Sprint(list[i]), fmt.Sprint(list[j]))
		default:
			out = append(out, fmt.Sprint(list[i]))
		}
		i = j + 1
	}
	if len(list) == 1 {
		return out[0] + " is"
	}
	return strings.Join(out, ", ") + " are"
}

// header is what stands at the top of the results of all shards.
func (s *Set) header() ([]byte, error) {
	var header []byte
	for _, x := range s.Shards {
		h, err := headerOf(piece{path: x.results, bytes: x.output.Bytes, name: x.Dir}, s.cfg.OutputFormat)
		if err != nil {
			return nil, err
		}
		switch {
		case len(h) == 0:
		case header == nil:
			header = h
		case !bytes.Equal(header, h):
			return nil, errors.New("the results in " + x.Dir + " have other columns than those in " + s.Shards[0].Dir)
		}
	}
	return header, nil
}
