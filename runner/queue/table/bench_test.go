package table

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkWorkOff takes rows and answers them, 1 or 100 at a time: ns/op is of a row.
func BenchmarkWorkOff(b *testing.B) {
	for name, place := range map[string]func(testing.TB) *place{
		"sqlite":   sqlitePlace,
		"mariadb":  func(b testing.TB) *place { return mariaPlace(b, queuetest.StartMariaDB(b)) },
		"postgres": func(b testing.TB) *place { return postgresPlace(b, queuetest.StartPostgres(b)) },
	} {
		b.Run(name, func(b *testing.B) {
			p := place(b)
			for _, n := range []int{1, 100} {
				b.Run(fmt.Sprint(n), func(b *testing.B) { workOff(b, p, n) })
			}
		})
	}
}

func workOff(b *testing.B, p *place, n int) {
	table := p.table(b, p.full)
	c := open(b, p.spec(b, table, "me"))
	puts := make([]queue.Put, b.N)
	for i := range puts {
		puts[i] = queue.Put{Fields: []string{"name"}, Values: []string{strings.Repeat("x", 100)}}
	}
	if done, err := c.Put(b.Context(), puts); err != nil || done != b.N {
		b.Fatal(done, err)
	}
	b.ResetTimer()
	for done := 0; done < b.N; {
		got, err := c.Take(b.Context(), n, 0)
		if err != nil || len(got) == 0 {
			b.Fatalf("%d of %d: %v", done, b.N, err)
		}
		answers := make([]queue.Answer, len(got))
		for i, j := range got {
			answers[i] = queue.Answer{ID: j.ID, Token: j.Token, Job: j, Verb: queue.Done}
		}
		for _, err := range c.Answer(b.Context(), answers) {
			if err != nil {
				b.Fatal(err)
			}
		}
		done += len(got)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
