package gazetteer

import (
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// build makes the index of the embedded data: its head and sections, to be written one after the
// other. What takes long is done at the same time.
func build(file []byte) (parts [sections][]byte, err error) {
	b, err := bundle.Open(file)
	if err != nil {
		return parts, err
	}
	var group errgroup.Group
	names, err := b.Read(bundle.Names)
	if err != nil {
		return parts, err
	}
	spans := lineSpans(names)
	group.Go(func() (err error) {
		parts[secKeys], err = buildKeys(b, names, spans)
		if err != nil {
			return err
		}
		return buildTables(&parts)
	})
	group.Go(func() error { return buildRest(b, names, spans, &parts) })
	if err := group.Wait(); err != nil {
		return parts, err
	}
	if len(parts[secKeys])/2 > entryOffset {
		return parts, fmt.Errorf("the names take %d bytes, more than an entry can point to", len(parts[secKeys]))
	}
	return parts, nil
}

// buildRest makes everything but the keys and the tables of them.
func buildRest(b *bundle.Bundle, names []byte, spans []span, parts *[sections][]byte) error {
	text := &texts{out: []byte{0}, at: map[string]uint32{}}
	world, err := readWorld(b, text)
	if err != nil {
		return err
	}
	parts[secCountries], parts[secRegions], parts[secAreas] = world.countries, world.regions, world.areas
	parts[secWords], parts[secWordTable] = world.words()
	if err := buildPlaces(b, world, text, names, spans, parts); err != nil {
		return err
	}
	if parts[secCodes], err = buildCodes(b, world, text); err != nil {
		return err
	}
	parts[secText] = text.out
	parts[secKD] = buildKD(parts[secPlaces])
	return buildOutlines(b, world, parts)
}

// texts gathers the texts, each once where that is likely to spare something.
type texts struct {
	out []byte
	at  map[string]uint32
}

// add returns the ref of a text that is like no other.
func (t *texts) add(s []byte) uint32 {
	if len(s) == 0 {
		return 0
	}
	s = s[:min(len(s), 255)]
	ref := uint32(len(t.out)) //nolint:gosec // below maxFile
	t.out = append(append(t.out, byte(len(s))), s...)
	return ref
}

// once returns the ref of a text that may have been there already.
func (t *texts) once(s string) uint32 {
	if ref, ok := t.at[s]; ok {
		return ref
	}
	ref := t.add([]byte(s))
	t.at[s] = ref
	return ref
}

// span is where a line is.
type span struct{ from, to uint32 }

func lineSpans(b []byte) []span {
	spans := make([]span, 0, len(b)/11)
	from := 0
	for i, c := range b {
		if c == '\n' {
			spans = append(spans, span{uint32(from), uint32(i)}) //nolint:gosec // below the most of a section
			from = i + 1
		}
	}
	return spans
}
