package htmltext

import (
	"os"
	"testing"
)

func BenchmarkOf(b *testing.B) {
	page, err := os.ReadFile("testdata/newsletter.html")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		Of(string(page))
	}
}
