package nacha

import (
	"math/big"
	"strings"
	"testing"
)

// The reader of the tests: it cuts records by Nacha's columns and adds up in arithmetic of its own.

type entry struct {
	code, routing, account, id, name, extra, trace string
	cents                                          *big.Int
}

type batch struct {
	class, company, sec, description, day string
	entries                               []entry
}

// readBack reads a file and holds all counts, sums and hashes of it.
func readBack(t testing.TB, file []byte) []batch {
	t.Helper()
	text := string(file)
	if !strings.HasSuffix(text, "\n") || strings.Contains(text, "\r") {
		t.Fatal("the lines do not end as they should")
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines)%10 != 0 {
		t.Fatalf("%d lines are no whole blocks", len(lines))
	}
	for i, line := range lines {
		if len(line) != 94 || strings.Trim(line, " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz") != "" {
			t.Fatalf("line %d: %q", i+1, line)
		}
	}
	if lines[0][:3] != "101" || lines[0][34:40] != "094101" {
		t.Fatalf("%q", lines[0])
	}
	var out []batch
	all, control := newSums(), 0
	for i := 1; i < len(lines); i++ {
		switch line := lines[i]; line[0] {
		case '5':
			b, next := readBatch(t, lines, i, all, len(out)+1)
			out = append(out, b)
			i = next
		case '9':
			if control++; control == 1 {
				fileControl(t, line, all, len(out), len(lines))
			} else if line != strings.Repeat("9", 94) {
				t.Fatalf("line %d: %q", i+1, line)
			}
		default:
			t.Fatalf("line %d: %q", i+1, line)
		}
	}
	if control == 0 {
		t.Fatal("no file control")
	}
	return out
}

type sums struct {
	entries             int64
	hash, debit, credit *big.Int
}

func newSums() *sums { return &sums{0, new(big.Int), new(big.Int), new(big.Int)} }

func (s *sums) is(t testing.TB, line string, count, hash, debit, credit string) {
	t.Helper()
	if number10(t, count).Int64() != s.entries || number10(t, hash).Cmp(lastTen(s.hash)) != 0 || number10(t, debit).Cmp(s.debit) != 0 || number10(t, credit).Cmp(s.credit) != 0 {
		t.Fatalf("%q has other sums than %+v", line, s)
	}
}

// lastTen keeps ten digits, as the rules have it.
func lastTen(n *big.Int) *big.Int {
	return new(big.Int).Mod(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(10), nil))
}

func number10(t testing.TB, s string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(s, 10)
	if !ok || strings.ContainsAny(s, "+- ") {
		t.Fatalf("%q is no number", s)
	}
	return n
}

func readBatch(t testing.TB, lines []string, at int, all *sums, n int) (batch, int) {
	t.Helper()
	head := lines[at]
	b := batch{head[1:4], head[4:20], head[50:53], strings.TrimSpace(head[53:63]), head[69:75], nil}
	mine := newSums()
	trace := ""
	for at++; ; at++ {
		line := lines[at]
		if line[0] == '8' {
			mine.is(t, line, line[4:10], line[10:20], line[20:32], line[32:44])
			if line[1:4] != b.class || line[44:54] != head[40:50] || line[79:87] != head[79:87] || line[87:] != head[87:] || number10(t, line[87:]).Int64() != int64(n) {
				t.Fatalf("%q does not end %q", line, head)
			}
			all.hash.Add(all.hash, lastTen(mine.hash))
			return b, at
		}
		if line[0] != '6' || line[78] != '0' {
			t.Fatalf("%q", line)
		}
		e := entry{line[1:3], line[3:12], strings.TrimSpace(line[12:29]), strings.TrimSpace(line[39:54]), strings.TrimSpace(line[54:76]), line[76:78], line[79:], number10(t, line[29:39])}
		if e.trace <= trace || e.trace[:8] != head[79:87] {
			t.Fatalf("trace %s after %s", e.trace, trace)
		}
		trace = e.trace
		for _, s := range []*sums{mine, all} {
			s.entries++
			if e.code[1] >= '5' {
				s.debit.Add(s.debit, e.cents)
			} else {
				s.credit.Add(s.credit, e.cents)
			}
		}
		mine.hash.Add(mine.hash, number10(t, e.routing[:8]))
		if sum := checksum(e.routing); sum%10 != 0 {
			t.Fatalf("routing number %s", e.routing)
		}
		b.entries = append(b.entries, e)
	}
}

func checksum(routing string) int {
	sum := 0
	for i, c := range routing {
		sum += int(c-'0') * []int{3, 7, 1}[i%3]
	}
	return sum
}

func fileControl(t testing.TB, line string, all *sums, batches, lines int) {
	t.Helper()
	if number10(t, line[1:7]).Int64() != int64(batches) || number10(t, line[7:13]).Int64() != int64(lines/10) {
		t.Fatalf("%q for %d batches and %d lines", line, batches, lines)
	}
	all.is(t, line, line[13:21], line[21:31], line[31:43], line[43:55])
}
