package gazetteer

import "testing"

func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		if _, err := build(data); err != nil {
			b.Fatal(err)
		}
	}
}
