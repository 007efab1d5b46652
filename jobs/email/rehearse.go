package email

import (
	"brood/jobs"
	"brood/jobs/files"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// rehearse shows what a run would do, as the flags want it.
func rehearse(c *composer, r *jobs.Rehearsal, o jobs.Options) error {
	s := jobs.Setup{Run: r.Run, Key: r.Key}
	lists, err := openSuppressions(c.Suppress)
	if err != nil {
		return err
	}
	// Of what is only looked at nothing is sent, so no connection is opened either.
	c.allowed = func(address string) bool { return !lists.has(address, complain) }
	switch {
	case o.Int("preview") != 0 && o.String("send-test") != "":
		return errors.New("--preview and --send-test are two things: give one")
	case o.IsSet("preview") && o.Int("preview") < 1:
		return fmt.Errorf("--preview %d: of how many messages? Nothing was sent", o.Int("preview"))
	case o.IsSet("preview"):
		return preview(c, r, o.Int("preview"), o.String("preview-dir"))
	case o.String("send-test") != "":
		return sendTest(c, s, r, o.String("send-test"))
	}
	return (&survey{c: c, r: r, lists: lists, once: once{key: r.Key, seen: make(map[[16]byte]bool)}, domains: make(map[string]int)}).run()
}

// preview writes the first messages to files, and shows the first one.
func preview(c *composer, r *jobs.Rehearsal, n int, dir string) error {
	if err := files.MakeDir(dir); err != nil {
		return fmt.Errorf("--preview-dir: %w", err)
	}
	// Those of an earlier look would be taken for some of this one.
	old, err := filepath.Glob(filepath.Join(escapeGlob(dir), "[0-9][0-9][0-9][0-9][0-9][0-9].eml"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("--preview-dir: %w", err)
		}
	}
	first, once := true, once{key: r.Key, seen: make(map[[16]byte]bool)}
	for rec, err := range r.Records {
		if n == 0 {
			break
		}
		var l *letter
		if err == nil {
			if once.again(rec) {
				continue
			}
			if m, _ := c.leftOut(rec); m != nil {
				continue
			}
			l, err = c.compose(rec, r.Key.Of(rec), r.Run, "")
		}
		if err == nil && !c.allowed(l.recipients[0]) {
			continue
		}
		n--
		if end := (*jobs.EndError)(nil); errors.As(err, &end) {
			return end.Err
		}
		if err != nil {
			if _, err := fmt.Fprintf(r.Out, "%s\n", why(r, rec, err)); err != nil {
				return err
			}
			continue
		}
		name := filepath.Join(dir, fmt.Sprintf("%06d.eml", rec.Seq))
		if err := files.Write(name, l.message, 0o600); err != nil {
			return fmt.Errorf("--preview-dir: %w", err)
		}
		text := fmt.Sprintf("record %d, %s: %s, from %s to %s\n", rec.Seq, r.Place(), name, path(l.returnPath(l.recipients)), strings.Join(l.recipients, ", "))
		if first {
			text += "\n" + shown(l.message) + "\n"
			first = false
		}
		if _, err := io.WriteString(r.Out, text); err != nil {
			return err
		}
	}
	return nil
}

// once tells which records are of a key that has been there.
type once struct {
	key  jobs.KeySpec
	seen map[[16]byte]bool
}

// again reports whether the key of a record has been there.
func (o *once) again(rec *jobs.Record) bool {
	if len(o.key.Columns) == 0 {
		return false
	}
	key, ok := o.key.Sum(rec)
	there := ok && o.seen[key]
	o.seen[key] = true
	return there
}

// why words why there is no message for a record, and where that stands.
func why(r *jobs.Rehearsal, rec *jobs.Record, err error) string {
	var bad *badRecord
	if errors.As(err, &bad) {
		return fmt.Sprintf("no message for record %d, %s: %v", rec.Seq, r.Place(), err)
	}
	return fmt.Sprintf("no message for record %d: %v", rec.Seq, err)
}

// testRecords is how many messages --send-test sends unless --limit says so.
const testRecords = 5

// sendTest sends the messages of the first records to one address.
func sendTest(c *composer, s jobs.Setup, r *jobs.Rehearsal, to string) error {
	run, err := openRunner(c, s)
	if err != nil {
		return err
	}
	most := r.Limit
	if most == 0 {
		most = testRecords
	}
	sent, tried := 0, uint64(0)
	once := once{key: r.Key, seen: make(map[[16]byte]bool)}
	for rec, err := range r.Records {
		if err == nil && once.again(rec) {
			continue
		}
		if m, _ := run.leftOut(rec); err == nil && m != nil {
			continue
		}
		if tried++; tried > most {
			break
		}
		if end := (*jobs.EndError)(nil); errors.As(err, &end) {
			return errors.Join(end.Err, run.Close())
		}
		said := ""
		if err == nil {
			said, err = run.sendTo(r, rec, to)
		}
		if err == nil {
			sent++
		} else {
			said = "not sent: " + err.Error()
		}
		if _, err := fmt.Fprintf(r.Out, "record %d, %s: %s\n", rec.Seq, r.Place(), said); err != nil {
			return errors.Join(err, run.Close())
		}
	}
	if err := run.Close(); err != nil {
		return err
	}
	if sent == 0 {
		return errors.New("no message was sent")
	}
	return nil
}

func (r *runner) sendTo(h *jobs.Rehearsal, rec *jobs.Record, to string) (said string, err error) {
	l, err := r.compose(rec, r.setup.Key.Of(rec), r.setup.Run, to)
	if err != nil {
		return "", err
	}
	text, _, err := r.transport.send(h.Context, l)
	return strings.TrimSpace("sent to " + to + ": " + cmp.Or(text, r.Maildir)), err
}

// survey counts what would become of all records.
type survey struct {
	c     *composer
	r     *jobs.Rehearsal
	lists *suppressions
	once
	domains map[string]int
	cleaned cleaned
	// leftOut is how many the list itself says are not to be written to.
	leftOut      int
	firstLeftOut string

	records, send, duplicates, suppressed, invalid int
	reasons                                        []string // of the first that are invalid
}

// showReasons is how many invalid records are shown, and showDomains how many
// domains.
const (
	showReasons = 10
	showDomains = 20
)

func (s *survey) run() error {
	var mx *exchanges
	if s.c.CheckMX {
		mx = newExchanges(s.c.Resolver)
	}
	for rec, err := range s.r.Records {
		if end := (*jobs.EndError)(nil); errors.As(err, &end) {
			return end.Err
		}
		s.records++
		if err == nil {
			err = s.look(rec, mx)
		}
		if err != nil {
			if s.invalid++; s.invalid <= showReasons {
				s.reasons = append(s.reasons, why(s.r, rec, err))
			}
		}
	}
	return s.print()
}

// look counts one record. An error is why no message can be sent for it.
func (s *survey) look(rec *jobs.Record, mx *exchanges) error {
	if len(s.r.Key.Columns) > 0 {
		if _, ok := s.r.Key.Sum(rec); !ok {
			return &badRecord{classAddress, fmt.Errorf("it has no key: %s is empty", strings.Join(s.r.Key.Columns, ", "))}
		}
	}
	if s.again(rec) {
		s.duplicates++
		return nil
	}
	if m, why := s.c.leftOut(rec); m != nil {
		if s.leftOut++; s.leftOut == 1 {
			s.firstLeftOut = s.r.Place() + ": " + why
		}
		return nil
	}
	if _, err := s.c.sendAt(rec); err != nil {
		return &badRecord{classHeader, err}
	}
	l, err := s.c.compose(rec, s.r.Key.Of(rec), s.r.Run, "")
	if err != nil {
		return err
	}
	if !s.c.allowed(l.recipients[0]) {
		s.suppressed++
		return nil
	}
	_, domain, _ := cutAddress(strings.ToLower(l.recipients[0]))
	var no *noMail
	if mx != nil {
		if err := mx.check(s.r.Context, domain); errors.As(err, &no) {
			return &badRecord{classAddress, err}
		}
	}
	s.send++
	s.cleaned.note(s.c.addressOf(rec))
	s.domains[domain]++
	return nil
}

func (s *survey) print() error {
	w := tabwriter.NewWriter(s.r.Out, 0, 8, 2, ' ', tabwriter.AlignRight)
	for _, row := range []struct {
		n    int
		what string
	}{{s.records, "records"}, {s.send, "to send"}, {s.duplicates, "duplicates"}, {s.suppressed, "suppressed"}, {s.invalid, "invalid"}} {
		fmt.Fprintf(w, "%d\t %s\n", row.n, row.what)
	}
	fmt.Fprintf(w, "\n")
	for _, f := range s.lists.files {
		fmt.Fprintf(w, "%d\t entries in %s\n", f.count(), filepath.Base(f.path))
	}
	if len(s.lists.files) > 0 {
		fmt.Fprintf(w, "\n")
	}
	names := slices.SortedFunc(maps.Keys(s.domains), func(a, b string) int {
		return cmp.Or(s.domains[b]-s.domains[a], strings.Compare(a, b))
	})
	rest := 0
	for i, name := range names {
		if i < showDomains {
			fmt.Fprintf(w, "%d\t to %s\n", s.domains[name], name)
		} else {
			rest += s.domains[name]
		}
	}
	if rest > 0 {
		fmt.Fprintf(w, "%d\t to %d other domains\n", rest, len(names)-showDomains)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	if s.leftOut > 0 {
		fmt.Fprintf(&b, "%d more are left out, as the list itself says: %s\n", s.leftOut, s.firstLeftOut)
	}
	if s.cleaned.n > 0 {
		fmt.Fprintf(&b, "%d of them without what is around the address: %s\n", s.cleaned.n, s.cleaned.first)
	}
	for _, reason := range s.reasons {
		b.WriteString(reason + "\n")
	}
	if more := s.invalid - len(s.reasons); more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	if d, limit := s.r.Estimate(s.send, s.domains); limit == "" {
		b.WriteString("no rate is set: as fast as the far side takes them\n")
	} else if d < time.Second {
		fmt.Fprintf(&b, "less than a second, as far as the limits go: %s\n", limit)
	} else {
		fmt.Fprintf(&b, "at least %s, by %s\n", d.Round(time.Second), limit)
	}
	if _, err := io.WriteString(s.r.Out, "\n"+b.String()); err != nil {
		return err
	}
	if s.send == 0 && s.invalid > 0 {
		return errors.New("there is nobody to send a message to")
	}
	return nil
}
