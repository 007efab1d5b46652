package exposition

import (
	"bytes"
	"math"
	"strings"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// parse reads a page with Prometheus' own parser.
func parse(t *testing.T, p *Page) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(p.Bytes()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, p.Bytes())
	}
	return families
}

func labelsOf(m *dto.Metric) string {
	var out []string
	for _, l := range m.GetLabel() {
		out = append(out, l.GetName()+"="+l.GetValue())
	}
	return strings.Join(out, " ")
}

func TestFamilies(t *testing.T) {
	p := NewPage(Label{"run", "m"}, Label{"job", `a "b" \n` + "\n"})
	p.Begin("brood_records_total", Counter, "Records, by status: a \\ and\na line.")
	p.Sample(12345678, Label{"status", "ok"})
	p.Sample(0, Label{"status", "failed"})
	p.One("brood_workers", Gauge, "Workers that live.", 1.5)
	families := parse(t, p)
	if len(families) != 2 {
		t.Errorf("families: %v", families)
	}
	records := families["brood_records_total"]
	if records.GetType() != dto.MetricType_COUNTER || records.GetHelp() != "Records, by status: a \\ and\na line." || len(records.GetMetric()) != 2 {
		t.Fatalf("records: %v", records)
	}
	first := records.GetMetric()[0]
	if got, want := labelsOf(first), `job=a "b" \n`+"\n run=m status=ok"; got != want || first.GetCounter().GetValue() != 12345678 {
		t.Errorf("%q %v, want %q", got, first.GetCounter(), want)
	}
	if w := families["brood_workers"]; w.GetType() != dto.MetricType_GAUGE || w.GetMetric()[0].GetGauge().GetValue() != 1.5 {
		t.Errorf("workers: %v", w)
	}
}

func TestHistogram(t *testing.T) {
	h := NewHistogram(0.5, 2, 3) // 0.5, 1, 2
	var all sync.WaitGroup
	for _, v := range []float64{0.1, 0.5, 0.6, 1.5, 2, 100} {
		all.Go(func() { h.Observe(v) })
	}
	all.Wait()
	p := NewPage(Label{"run", "m"})
	p.Histogram("brood_commit_seconds", "How long.", h)
	got := parse(t, p)["brood_commit_seconds"].GetMetric()[0].GetHistogram()
	if got.GetSampleCount() != 6 || math.Abs(got.GetSampleSum()-104.7) > 1e-9 {
		t.Errorf("%d values, sum %v", got.GetSampleCount(), got.GetSampleSum())
	}
	want := []struct {
		bound float64
		count uint64
	}{{0.5, 2}, {1, 3}, {2, 5}, {math.Inf(1), 6}}
	if len(got.GetBucket()) != len(want) {
		t.Fatalf("buckets: %v", got.GetBucket())
	}
	for i, w := range want {
		if b := got.GetBucket()[i]; b.GetUpperBound() != w.bound || b.GetCumulativeCount() != w.count {
			t.Errorf("bucket %d: %v, want %v", i, b, w)
		}
	}
}
