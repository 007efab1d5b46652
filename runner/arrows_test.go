package runner_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// allowed is the table of who may import whom, of brood's own packages. A
// package that is not listed may not exist.
var allowed = map[string][]string{
	"brood/runner/program/spared": {},

	"brood":                      {"runner/program", "runner/program/local", "runner/program/spared", "runner/command", "runner/command/front", "runner/remote/link", "worker/early/*"},
	"brood/runner/program/local": {"runner/command", "runner/program"},
	"brood/runner/program":       {"jobs", "jobs/*", "jobs/billing", "jobs/email", "jobs/exec", "jobs/geocode", "jobs/http", "runner/command", "runner/remote", "worker"},
	"brood/jobs/jobtest":         {"jobs", "jobs/elsewhere"},
	"brood/jobs/jobtest/needs":   {},
	"brood/jobs/files":           {"jobs/elsewhere"},
	"brood/jobs/elsewhere":       {},
	"brood/jobs/placeholder":     {},
	"brood/jobs/quickconn":       {"jobs/quickio"},
	"brood/jobs":                 {"jobs/figures"},
	"brood/jobs/figures":         {},
	"brood/jobs/quoted":          {"jobs"},
	"brood/jobs/web":             {"jobs", "jobs/files", "jobs/quickconn"},
	"brood/jobs/*":               {"jobs", "jobs/figures", "jobs/files", "jobs/placeholder", "jobs/quickio", "jobs/quoted"},
	"brood/jobs/email":           {"jobs", "jobs/figures", "jobs/files", "jobs/placeholder", "jobs/quickconn", "jobs/quoted", "jobs/email/convert", "jobs/email/htmltext", "jobs/email/inbox", "jobs/email/lists", "jobs/email/reply", "jobs/email/report", "jobs/email/tally", "jobs/email/verp"},
	"brood/jobs/exec":            {"jobs", "jobs/figures", "jobs/exec/vfork", "jobs/files", "jobs/placeholder", "jobs/quoted"},
	"brood/jobs/exec/vfork":      {},
	"brood/jobs/http":            {"jobs", "jobs/files", "jobs/figures", "jobs/http/curl", "jobs/http/fill", "jobs/quoted", "jobs/web"},
	"brood/jobs/http/curl":       {},
	"brood/jobs/http/fill":       {"jobs", "jobs/placeholder"},
	"brood/jobs/email/lists":     {"jobs"},
	"brood/jobs/permits":         {"jobs", "jobs/files"},
	"brood/jobs/quickio":         {},
	"brood/jobs/extsort":         {},
	"brood/jobs/email/reply":     {"jobs"},
	"brood/jobs/email/verp":      {},

	"brood/jobs/email/convert":                {"jobs/placeholder"},
	"brood/jobs/fold/internal/words":          {"jobs/files", "jobs/fold"},
	"brood/jobs/email/htmltext":               {},
	"brood/jobs/email/inbox":                  {},
	"brood/jobs/email/report":                 {"jobs", "jobs/quoted", "jobs/email/reply"},
	"brood/jobs/email/tally":                  {"jobs", "jobs/quoted", "jobs/files"},
	"brood/jobs/fold":                         {},
	"brood/jobs/geocode":                      {"jobs", "jobs/figures", "jobs/files", "jobs/permits", "jobs/web", "jobs/geocode/address", "jobs/geocode/cache", "jobs/geocode/chart", "jobs/geocode/gazetteer", "jobs/geocode/geo", "jobs/geocode/judge", "jobs/geocode/places", "jobs/geocode/provider"},
	"brood/jobs/geocode/geo":                  {},
	"brood/jobs/geocode/judge":                {"jobs/extsort", "jobs/fold", "jobs/geocode/address", "jobs/geocode/geo"},
	"brood/jobs/geocode/address":              {"jobs/fold", "jobs/geocode/geo", "jobs/placeholder"},
	"brood/jobs/geocode/cache":                {"jobs", "jobs/files"},
	"brood/jobs/geocode/chart":                {"jobs/figures", "jobs/geocode/geo"},
	"brood/jobs/geocode/chart/internal/world": {},
	"brood/jobs/geocode/geotest":              {"jobs/fold", "jobs/geocode/geo"},
	"brood/jobs/geocode/provider":             {"jobs", "jobs/files", "jobs/web", "jobs/geocode/geo"},
	"brood/worker/rest":                       {},
	"brood/worker/threads":                    {},
	"brood/worker":                            {"jobs", "jobs/elsewhere", "jobs/quickio", "worker/rest", "worker/threads", "worker/wire"},
	"brood/worker/early":                      {"jobs", "worker"},
	"brood/worker/early/*":                    {"jobs/*", "jobs/exec", "worker/early"},
	"brood/worker/wire":                       {"jobs"},

	// The places of the world, and how their data is made.
	"brood/jobs/geocode/gazetteer":                 {"jobs/files", "jobs/fold", "jobs/geocode/gazetteer/internal/bundle", "jobs/geocode/geo"},
	"brood/jobs/geocode/gazetteer/internal/bundle": {},
	"brood/jobs/geocode/gazetteer/internal/gather": {"jobs/files", "jobs/fold", "jobs/geocode/gazetteer/internal/bundle"},

	// A user's own address points.
	"brood/jobs/geocode/places":        {"jobs", "jobs/extsort", "jobs/files", "jobs/fold", "jobs/geocode/geo", "jobs/geocode/places/house", "jobs/geocode/places/source"},
	"brood/jobs/geocode/places/house":  {},
	"brood/jobs/geocode/places/source": {"jobs/geocode/places/house"},

	// Charging people.
	"brood/jobs/billing/account":   {},
	"brood/jobs/billing/calendar":  {},
	"brood/jobs/billing/charge":    {"jobs", "jobs/billing/money"},
	"brood/jobs/billing/dunning":   {},
	"brood/jobs/billing/invoice":   {"jobs/files", "jobs/billing/charge", "jobs/billing/invoice/typeface", "jobs/billing/money", "jobs/billing/settings"},
	"brood/jobs/billing/money":     {},
	"brood/jobs/billing/register":  {"jobs", "jobs/files", "jobs/billing/charge", "jobs/billing/money"},
	"brood/jobs/billing/stripe":    {"jobs", "jobs/billing/charge", "jobs/billing/money", "jobs/permits", "jobs/web"},
	"brood/jobs/billing/settings":  {"jobs/billing/account", "jobs/billing/money"},
	"brood/jobs/billing/approve":   {},
	"brood/jobs/billing/table":     {},
	"brood/jobs/billing/mapping":   {"jobs/billing/account", "jobs/billing/charge", "jobs/billing/table"},
	"brood/jobs/billing/paytest":   {},
	"brood/jobs/billing/latin":     {},
	"brood/jobs/billing/sepa":      {"jobs/billing/account", "jobs/billing/calendar", "jobs/billing/charge", "jobs/billing/latin", "jobs/billing/money", "jobs/billing/settings", "jobs/extsort"},
	"brood/jobs/billing/statement": {"jobs/billing/account", "jobs/billing/charge", "jobs/billing/money"},
	"brood/jobs/billing/nacha":     {"jobs/billing/account", "jobs/billing/calendar", "jobs/billing/charge", "jobs/billing/latin", "jobs/billing/settings", "jobs/extsort"},
	"brood/jobs/billing/plan":      {"jobs", "jobs/files", "jobs/billing/account", "jobs/billing/charge", "jobs/billing/mapping", "jobs/billing/money", "jobs/billing/settings", "jobs/billing/table"},

	"brood/jobs/billing/invoice/typeface": {},
	"brood/jobs/billing/journal":          {"jobs/billing/charge", "jobs/billing/money", "jobs/billing/settings"},

	// What each knows of the outside world, and nothing of a run.
	"brood/runner/dataset":     {"jobs", "jobs/extsort", "jobs/quoted", "runner/dataset/sheet"},
	"brood/runner/exposition":  {},
	"brood/runner/daemon":      {},
	"brood/runner/gauge":       {},
	"brood/runner/jobserver":   {},
	"brood/runner/logbook":     {},
	"brood/runner/keys":        {"jobs", "runner/ledger/seal"},
	"brood/runner/ledger":      {"jobs", "runner/ledger/seal"},
	"brood/runner/ledger/seal": {},
	"brood/runner/pace":        {},
	"brood/runner/proc":        {"worker/threads"},
	"brood/runner/reasons":     {"jobs"},
	"brood/runner/sink":        {"jobs", "jobs/files", "runner/term"},
	"brood/runner/term":        {},
	"brood/runner/runfile":     {},

	"brood/runner/dataset/sheet": {},

	// A run, from what is asked of it to the session that does it.
	"brood/runner/doctor":   {"runner/home", "runner/proc"},
	"brood/runner/shard":    {"jobs"},
	"brood/runner/spec":     {"jobs", "worker/wire", "runner/dataset", "runner/gauge", "runner/pace", "runner/shard", "runner/sink"},
	"brood/runner/guard":    {"jobs", "runner/reasons"},
	"brood/runner/home":     {"runner/ledger", "runner/proc", "runner/spec"},
	"brood/runner/catalog":  {"runner/home", "runner/keys", "runner/ledger", "runner/sink", "runner/spec"},
	"brood/runner/intake":   {"jobs", "runner/dataset", "runner/ledger", "runner/shard", "runner/spec", "runner/where"},
	"brood/runner/feed":     {"jobs", "jobs/quoted", "worker/wire", "runner/jobserver", "runner/ledger", "runner/pace", "runner/spec"},
	"brood/runner/book":     {"jobs", "runner/dataset", "runner/ledger", "runner/sink", "runner/spec"},
	"brood/runner/hand":     {"jobs", "worker/wire"},
	"brood/runner/control":  {"runner/home", "runner/pace", "runner/remote", "runner/spec"},
	"brood/runner/desk":     {"jobs/files", "jobs", "jobs/quoted", "worker/wire", "runner/book", "runner/dataset", "runner/form", "runner/home", "runner/intake", "runner/keys", "runner/ledger", "runner/reasons", "runner/shard", "runner/sink", "runner/spec", "runner/where"},
	"brood/runner/forget":   {"jobs", "jobs/files", "runner/dataset", "runner/desk", "runner/form", "runner/home", "runner/intake", "runner/ledger", "runner/logbook", "runner/sink", "runner/spec", "runner/where"},
	"brood/runner/form":     {"jobs", "jobs/files", "runner/dataset", "runner/sink", "runner/spec"},
	"brood/runner/merge":    {"jobs", "jobs/extsort", "runner/dataset", "runner/desk", "runner/form", "runner/home", "runner/ledger", "runner/shard", "runner/sink", "runner/spec"},
	"brood/runner/where":    {"jobs", "jobs/placeholder"},
	"brood/runner/arrivals": {"jobs", "runner/dataset", "runner/ledger", "runner/queue"},
	"brood/runner": {
		"jobs/elsewhere", "jobs", "jobs/files", "jobs/quickio", "jobs/quoted", "worker/rest", "worker/wire", "runner/book", "runner/catalog", "runner/control", "runner/daemon", "runner/dataset", "runner/desk", "runner/exposition", "runner/feed", "runner/form", "runner/gauge", "runner/guard", "runner/hand",
		"runner/arrivals", "runner/queue", "runner/remote", "runner/remote/carry",
		"runner/home", "runner/intake", "runner/jobserver", "runner/keys", "runner/ledger", "runner/pace", "runner/proc", "runner/reasons", "runner/shard", "runner/sink", "runner/spec", "runner/term",
	},

	// The user.
	"brood/runner/top":           {"runner/control", "runner/remote", "runner/term"},
	"brood/runner/command/front": {},
	"brood/runner/command": {
		"runner/arrivals", "runner/queue", "runner/queue/beanstalk", "runner/queue/gearman", "runner/queue/redis", "runner/queue/table", "runner/queue/dsn", "runner/query",
		"runner/proc", "runner/remote", "runner/remote/agent", "runner/remote/carry", "runner/remote/ssh", "runner/remote/token",
		"runner/runfile",
		"jobs/files", "jobs/placeholder", "jobs", "runner", "runner/catalog", "runner/control", "runner/daemon", "runner/dataset", "runner/desk", "runner/doctor", "runner/doctor/bundle", "runner/forget", "runner/form", "runner/gauge", "runner/home", "runner/intake", "runner/keys",
		"runner/ledger", "runner/logbook", "runner/merge", "runner/pace", "runner/reasons", "runner/report", "runner/shard", "runner/sink", "runner/spec", "runner/term", "runner/top",
	},

	"brood/runner/doctor/bundle": {"jobs", "runner/doctor", "runner/home", "runner/ledger", "runner/spec"},
	// The manual is written from what the command line knows of itself, and is no part of brood.
	"brood/runner/command/manual":                {"runner/command"},
	"brood/runner/command/manual/internal/write": {"runner/command", "runner/command/manual"},

	"brood/runner/report": {
		"jobs", "jobs/billing/account", "jobs/figures", "runner/catalog", "runner/dataset", "runner/desk", "runner/home", "runner/intake", "runner/ledger", "runner/logbook", "runner/reasons", "runner/remote", "runner/sink", "runner/spec", "runner/term",
	},

	// The run of a plan, and what comes after it.
	"brood/jobs/billing": {
		"jobs", "jobs/figures", "jobs/files", "jobs/permits", "jobs/billing/account", "jobs/billing/approve", "jobs/billing/charge", "jobs/billing/dunning", "jobs/billing/invoice", "jobs/billing/journal", "jobs/billing/mapping", "jobs/billing/money",
		"jobs/billing/nacha", "jobs/billing/plan", "jobs/billing/reconcile", "jobs/billing/register", "jobs/billing/sepa", "jobs/billing/settings", "jobs/billing/statement", "jobs/billing/stripe", "jobs/billing/table",
	},
	"brood/jobs/billing/reconcile": {"jobs", "jobs/billing/charge", "jobs/billing/money"},

	// Work that arrives while brood runs: each client knows its server, and nothing of runs.
	"brood/runner/queue":           {"jobs"},
	"brood/runner/queue/beanstalk": {"runner/queue"},
	"brood/runner/queue/dsn":       {"runner/queue"},
	"brood/runner/queue/queuetest": {"jobs", "jobs/jobtest/needs", "runner/queue"},
	"brood/runner/queue/gearman":   {"runner/queue"},
	"brood/runner/queue/redis":     {"jobs", "runner/queue"},
	"brood/runner/queue/table":     {"jobs", "runner/queue", "runner/queue/dsn"},
	"brood/runner/query":           {"jobs", "runner/dataset", "runner/queue", "runner/queue/dsn"},

	// Several machines: who may take part, and how they speak to each other.
	"brood/runner/remote/token":       {"jobs/files"},
	"brood/runner/remote/bus":         {"runner/remote/token"},
	"brood/runner/remote/ssh":         {"runner/proc"},
	"brood/runner/remote/ssh/sshtest": {"jobs/jobtest/needs"},
	"brood/runner/remote/carry":       {"jobs", "jobs/placeholder"},
	"brood/runner/remote":             {"jobs", "worker/wire", "runner/hand"},
	"brood/runner/remote/link":        {"runner/remote", "runner/remote/bus", "runner/remote/token"},
	"brood/runner/remote/agent":       {"jobs", "jobs/elsewhere", "jobs/files", "runner", "runner/home", "runner/ledger", "runner/remote", "runner/spec", "runner/term"},

	// Tests of several.
	"brood/runner/acceptance":    {},
	"brood/runner/hand/handtest": {"jobs", "worker/wire", "runner/hand"},
}

// TestArrows holds the directions between the packages.
func TestArrows(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "brood/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		may, ok := allowed[generic(words[0])]
		if !ok {
			t.Errorf("package %s is not in the table", words[0])
			continue
		}
		seen++
		// go test must see that this depends on all packages, or says "cached".
		if _, err := os.ReadDir(".." + strings.TrimPrefix(words[0], "brood")); err != nil {
			t.Error(err)
		}
		for _, imported := range words[1:] {
			if (imported == "brood" || strings.HasPrefix(imported, "brood/")) && !permits(may, imported) {
				t.Errorf("%s must not import %s", words[0], imported)
			}
		}
	}
	if seen < len(allowed) {
		t.Errorf("found %d packages, the table has %d", seen, len(allowed))
	}
}

// generic replaces the name of a job's package by a star, unless it has a line of its own.
func generic(path string) string {
	_, own := allowed[path]
	for _, parent := range []string{"brood/jobs/", "brood/worker/early/"} {
		if rest, ok := strings.CutPrefix(path, parent); ok && !own && !strings.Contains(rest, "/") {
			return parent + "*"
		}
	}
	return path
}

func permits(may []string, imported string) bool {
	for _, m := range may {
		if generic(imported) == "brood/"+m {
			return true
		}
	}
	return false
}
