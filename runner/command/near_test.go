package command

import (
	"brood/jobs/placeholder"
	"strings"
	"testing"
)

func TestNear(t *testing.T) {
	words := strings.Fields("run resume retry status runs top log history export rm prune rate pause retries retries-max output output-format")
	for word, want := range map[string]string{
		"rsume": "resume", "resmue": "resume", "stauts": "status", "hist": "history", "exprot": "export", "ouput": "output",
		"runn": "run runs", "statuses": "status", "output-file": "output", "retri": "retry retries retries-max", "zebra": "", "x": "", "r": "", "lo": "log", "tpo": "top",
	} {
		if got := strings.Join(near(word, words), " "); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for pair, want := range map[string]int{
		"|": 0, "a|": 1, "|abc": 3, "abc|abc": 0, "abc|acb": 1, "abc|abd": 1, "abc|bc": 1, "kitten|sitting": 3, "ab|ba": 1, "abcd|badc": 2,
	} {
		a, b, _ := strings.Cut(pair, "|")
		if got := placeholder.Distance([]rune(a), []rune(b)); got != want || placeholder.Distance([]rune(b), []rune(a)) != want {
			t.Errorf("%s: %d, %d, want %d", pair, got, placeholder.Distance([]rune(b), []rune(a)), want)
		}
	}
}

func TestOrList(t *testing.T) {
	for words, want := range map[string]string{"": "", "a": "a", "a b": "a or b", "a b c": "a, b or c"} {
		if got := orList(strings.Fields(words)); got != want {
			t.Errorf("%q: %q", words, got)
		}
	}
}
