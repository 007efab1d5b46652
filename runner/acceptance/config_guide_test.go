package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigGuide does what docs/config.md says, from top to bottom.
func TestConfigGuide(t *testing.T) {
	if raceEnabled {
		return // what is at the same time is played by the scripts
	}
	t.Parallel()
	page, err := os.ReadFile(atRoot("docs/config.md"))
	if err != nil {
		t.Fatal(err)
	}
	g := newGuide(t)
	const ours = "make build\nPATH=$PWD/bin:$PATH\n"
	script := g.script(string(page))
	if !strings.HasPrefix(script, ours) {
		t.Fatal("the page does not begin as this test thinks")
	}
	out := g.run(strings.TrimPrefix(script, ours))
	dir := filepath.Join(g.dir, "shop")
	for _, want := range []string{
		"brood.toml: 2 runs, and nothing wrong with them\n", "@nightly    exec  lists/orders.csv -- ./send.sh '{id}'\n", "order 1, with a key of 9 characters\n",
		"brood run exec --jobs 2 --run nightly-", " --secret API_KEY=api.key lists/orders.csv -- ./send.sh '{id}'\n",
		`"argv":["brood","run","exec",`, "/shop && brood run echo --run rehearsal --jobs 2 --fail-rate 0.5 --retries 9 --backoff 1ms..2ms --output rehearsal.csv lists/orders.csv\n",
		`typo.toml:4:1: the job exec has no flag "timeuot"; did you mean timeout?`, "typo.toml:5:11: retries is a whole number, without quotes, not a text",
		"there is a run nightly-", "once: input 1, ok 1", "1,ada@example.com\n", "2,grace@example.net,grace@example.net,1,ok",
		"literal.toml:4:11: header has what looks like a secret in it", "{secret:NAME}",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if strings.Contains(out, "31337") {
		t.Error("a secret was shown")
	}
	if _, err := os.Stat(filepath.Join(dir, "first.csv")); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Log(out)
	}
}
