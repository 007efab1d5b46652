package reply

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"
	"testing"
)

// corpus are replies as servers word them, with what they must come to: see its first line.
const corpus = "../../../testdata/mail/replies.tsv"

// said is a line of the corpus.
type said struct {
	line                      int
	at                        Phase
	reply                     *Reply
	text                      string
	verdict, class, reporting string
}

func readCorpus(tb testing.TB) []said {
	b, err := os.ReadFile(corpus)
	if err != nil {
		tb.Fatal(err)
	}
	in := csv.NewReader(bytes.NewReader(b))
	in.Comma, in.LazyQuotes = '\t', true
	rows, err := in.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var out []said
	for i, row := range rows[1:] {
		code, _, text, ok := ParseLine(row[2])
		if !ok {
			tb.Fatalf("%s:%d: %q is no reply", corpus, i+2, row[2])
		}
		r := &Reply{Code: code}
		r.Enhanced, r.Text = CutEnhanced(text, code)
		out = append(out, said{i + 2, Phase(row[1]), r, row[2], row[3], row[4], row[5]})
	}
	return out
}

// TestCorpus: what replies of the real world come to, in the conversation and quoted by a
// delivery report.
func TestCorpus(t *testing.T) {
	all := readCorpus(t)
	if len(all) < 200 {
		t.Errorf("the corpus has %d replies only", len(all))
	}
	for _, s := range all {
		o := Judge(s.at, s.reply, 1)
		want := "deferred"
		if s.verdict == "failed" {
			want = "bounced"
		}
		if o.Verdict.String() != s.verdict || string(o.Class) != s.class || o.Status != want {
			t.Errorf("%s:%d: %s: %s\n  is %s, %s (about: %s), not %s, %s", corpus, s.line, s.at, s.text, o.Verdict, o.Class, subjectOf(&o), s.verdict, s.class)
		}
		if o.Verdict.String() == "abort" && o.Hint == "" {
			t.Errorf("%s:%d: nothing is said of what to do", corpus, s.line)
		}
		if got := OfReport(statusOf(s.reply), "failed", "smtp; "+s.text); string(got) != s.reporting {
			t.Errorf("%s:%d: in a report: %s: is %s, not %s", corpus, s.line, s.text, got, s.reporting)
		}
	}
}

// statusOf is what a report says that sums a reply up.
func statusOf(r *Reply) string {
	if r.Enhanced != "" {
		return r.Enhanced
	}
	return string(rune('0'+r.Code/100)) + ".0.0"
}

// TestAddressesDecideNothing: no address, and no name of a host, changes what a reply
// means, whatever words it is made of.
func TestAddressesDecideNothing(t *testing.T) {
	for _, s := range readCorpus(t) {
		if !strings.Contains(s.text, "ann@example.org") {
			continue
		}
		was := Judge(s.at, s.reply, 1)
		for _, a := range []string{"daily@example.org", "spam.policy@quota.example", `"relay denied"@example.org`, "user-unknown@example.org", "helo@blacklist.example", "mailbox.full@over.quota.example"} {
			r := *s.reply
			r.Text = strings.ReplaceAll(r.Text, "ann@example.org", a)
			if o := Judge(s.at, &r, 1); o.Class != was.Class || o.Verdict != was.Verdict {
				t.Errorf("%s\n  is %s, %s, and not %s, %s", r.Text, o.Verdict, o.Class, was.Verdict, was.Class)
			}
		}
	}
}

// FuzzRefusals: whatever is said, what it is about is found without harm, and what is sure
// stays so: nothing that asks to come back, or that was said to the sender, makes an address a
// dead one.
func FuzzRefusals(f *testing.F) {
	for _, s := range readCorpus(f) {
		f.Add(s.text)
	}
	f.Fuzz(func(t *testing.T, line string) {
		code, _, text, ok := ParseLine(line)
		if !ok || code < 400 {
			return
		}
		words := plainOf(text).words
		if !strings.HasPrefix(words, " ") || !strings.HasSuffix(words, " ") || strings.Contains(words, "  ") || strings.ContainsAny(words, "@<>\"") {
			t.Fatalf("%q has the words %q", text, words)
		}
		r := &Reply{Code: code}
		r.Enhanced, r.Text = CutEnhanced(text, code)
		for _, at := range []Phase{Connect, Auth, Mail, Rcpt, Data, Dot} {
			o := Judge(at, r, 1)
			if o.Class == "" || o.Status == "" || o.Class == ClassBounce && (code < 500 || at == Connect || at == Auth || at == Mail) {
				t.Fatalf("%s: %q: %+v", at, line, o)
			}
		}
		if OfReport(statusOf(r), "failed", line) == "" {
			t.Fatalf("%q has no class", line)
		}
	})
}

// BenchmarkJudge is what a refusal costs.
func BenchmarkJudge(b *testing.B) {
	all := readCorpus(b)
	for i := range b.N {
		s := all[i%len(all)]
		Judge(s.at, s.reply, 1)
	}
}
