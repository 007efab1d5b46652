package main

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// entry is a page in the navigation.
type entry struct{ source, label string }

// group is a part of the navigation.
type group struct {
	Title string
	pages []entry
}

// groups are the pages in the order in which they are read. What is in docs/ and not named here comes last, by its own title.
func groups() []group {
	return []group{
		{"Begin", []entry{
			{"README.md", "brood"}, {"docs/getting-started.md", "Getting started"}, {"docs/install.md", "Install"},
			{"docs/chores.md", "Five chores"}, {"docs/coming-from.md", "Coming from …"}, {"docs/parallel.md", "GNU parallel, xargs"},
		}},
		{"Jobs", []entry{
			{"docs/jobs.md", "exec and pipe"}, {"docs/email.md", "Mail"}, {"docs/http.md", "HTTP"}, {"docs/geocoding.md", "Geocoding"},
			{"docs/billing.md", "Billing"}, {"docs/workers.md", "Workers, their protocol"}, {"docs/jobs-in-go.md", "Jobs in Go"},
		}},
		{"Runs", []entry{
			{"docs/datasets.md", "Datasets"}, {"docs/results.md", "Results"}, {"docs/once.md", "Once only"}, {"docs/pace.md", "Pace"},
			{"docs/limits.md", "Limits"}, {"docs/operate.md", "While it runs"}, {"docs/report.md", "Report"}, {"docs/config.md", "Runs in a file"},
			{"docs/cron.md", "cron"}, {"docs/daemon.md", "As a service"}, {"docs/queues.md", "Work queues"}, {"docs/shards.md", "Shards"},
			{"docs/cluster.md", "Several machines"}, {"docs/faq.md", "Questions, exit statuses"},
		}},
		{"Coming from", []entry{
			{"docs/from-mailmerge.md", "mailmerge"}, {"docs/from-listmonk.md", "listmonk"}, {"docs/from-mailchimp.md", "Mailchimp"},
			{"docs/from-thunderbird.md", "Thunderbird"},
		}},
		{"Trust", []entry{
			{"docs/reliability.md", "Reliability"}, {"docs/security.md", "Security"}, {"docs/benchmarks.md", "Benchmarks"},
			{"docs/performance.md", "Performance"},
		}},
		{"Reference", []entry{
			{"docs/reference.md", "Commands and flags"}, {"docs/ledger.md", "The ledger"}, {"docs/DESIGN.md", "Design"},
			{"CONTRIBUTING.md", "Contributing"}, {"CHANGELOG.md", "Changes"},
		}},
	}
}

// listed are the groups with the pages that there are.
func listed(root string) ([]group, error) {
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		return nil, err
	}
	left := map[string]bool{"README.md": true}
	for _, name := range []string{"CONTRIBUTING.md", "CHANGELOG.md"} {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			left[name] = true
		}
	}
	for _, f := range found {
		left["docs/"+filepath.Base(f)] = true
	}
	var out []group
	for _, g := range groups() {
		g.pages = slices.DeleteFunc(g.pages, func(e entry) bool { return !left[e.source] })
		for _, e := range g.pages {
			delete(left, e.source)
		}
		if len(g.pages) > 0 {
			out = append(out, g)
		}
	}
	more := group{Title: "More"}
	for source := range left {
		more.pages = append(more.pages, entry{source: source})
	}
	if len(more.pages) > 0 {
		slices.SortFunc(more.pages, func(a, b entry) int { return strings.Compare(a.source, b.source) })
		out = append(out, more)
	}
	return out, nil
}

// target is where a page of the source is in the site.
func target(source string) string {
	if source == "README.md" {
		return "index.html"
	}
	return strings.ToLower(strings.TrimSuffix(path.Base(source), ".md")) + ".html"
}
