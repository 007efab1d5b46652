package http

import (
	"brood/jobs"
	"brood/jobs/figures"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	nethttp "net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"
)

// mostHosts is how many hosts are told apart in a report; what is asked of others is one row.
const mostHosts = 50

// answers counts the records of a host by how they ended.
type answers struct{ ok, failed, skipped, unknown uint64 }

func (a *answers) sum() uint64 { return a.ok + a.failed + a.skipped + a.unknown }

// report tells which answers came, and from which hosts.
func report(f *jobs.Finished) ([]figures.Section, error) {
	var c config
	if err := json.Unmarshal(f.Config, &c); err != nil {
		return nil, fmt.Errorf("read the configuration of the run: %w", err)
	}
	s := figures.Section{Title: "Answers"}
	if f.Rows == nil {
		s.Text = []string{"What was answered is told by the results, and there are none to read."}
		return []figures.Section{s}, nil
	}
	codes, hosts := make(map[string]uint64), make(map[string]*answers)
	var x *compiled
	for rec, err := range f.Rows() {
		if err != nil {
			return nil, err
		}
		if x == nil {
			x = &compiled{config: &c}
			x.grammar.Shape, x.grammar.Secrets = rec.Shape, c.Secrets
			if err := x.readAddress(); err != nil {
				return nil, err
			}
		}
		code, _ := rec.Lookup(statusColumn)
		codes[string(code)]++
		host := x.hostOf(rec)
		if hosts[host] == nil && len(hosts) >= mostHosts {
			host = "other hosts"
		}
		a := hosts[host]
		if a == nil {
			a = &answers{}
			hosts[host] = a
		}
		switch status, _ := rec.Lookup("_status"); string(status) {
		case "ok":
			a.ok++
		case "failed":
			a.failed++
		case "skipped":
			a.skipped++
		default:
			a.unknown++
		}
	}
	if len(codes) > 0 {
		s.Bars = []figures.Bars{codeBars(codes)}
		s.Tables = []figures.Table{hostTable(hosts)}
	}
	return []figures.Section{s}, nil
}

// hostOf is whom a record asks. The query does not matter, nor do secrets.
func (x *compiled) hostOf(rec *jobs.Record) string {
	if h := x.address.Host(); h != "" {
		return h
	}
	b, err := x.address.Append(nil, rec, func(string) string { return "x" }, nil)
	if err != nil {
		return "(none)"
	}
	u, err := url.Parse(string(b))
	if err != nil || u.Host == "" {
		return "(none)"
	}
	return u.Hostname()
}

// codeBars are the answers by their status, as RFC 9110 calls it.
func codeBars(codes map[string]uint64) figures.Bars {
	out := figures.Bars{Title: "By status"}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		n, name := codes[code], code
		tint := figures.TintDoubt
		switch v, err := strconv.Atoi(code); {
		case err != nil || v == 0:
			name = "no answer"
		default:
			if text := nethttp.StatusText(v); text != "" {
				name += " " + text
			}
			switch v / 100 {
			case 2:
				tint = figures.TintGood
			case 1, 3:
				tint = figures.TintMeh
			default:
				tint = figures.TintBad
			}
		}
		out.Bars = append(out.Bars, figures.Bar{Name: name, Text: comma(n), Parts: []figures.Part{{Amount: float64(n), Tint: tint}}})
	}
	return out
}

func hostTable(hosts map[string]*answers) figures.Table {
	t := figures.Table{Title: "By host", Columns: []figures.Heading{
		{Name: "host"}, {Name: "records", Number: true}, {Name: "ok", Number: true}, {Name: "failed", Number: true}, {Name: "skipped", Number: true}, {Name: "unknown", Number: true},
	}}
	names := slices.SortedFunc(maps.Keys(hosts), func(a, b string) int {
		return cmp.Or(cmp.Compare(hosts[b].sum(), hosts[a].sum()), cmp.Compare(a, b))
	})
	for _, name := range names {
		a := hosts[name]
		t.Rows = append(t.Rows, []string{name, comma(a.sum()), comma(a.ok), comma(a.failed), comma(a.skipped), comma(a.unknown)})
	}
	return t
}

func comma(n uint64) string { return humanize.Comma(int64(n)) } //nolint:gosec // of rows
