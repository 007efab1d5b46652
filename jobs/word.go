package jobs

import (
	"encoding/json"
	"fmt"
)

// MarshalWord is how a constant of a closed set is stored and sent: as its word.
// Numbers would mean something else as soon as one is put in between.
func MarshalWord(word string) ([]byte, error) { return json.Marshal(word) }

// UnmarshalWord reads the JSON of a word and returns its position among the names of
// the set. A number is taken for that position: that is how brood stored them before
// 2026-12.
func UnmarshalWord(b []byte, names []string, what string) (int, error) {
	var word string
	if json.Unmarshal(b, &word) == nil {
		return parseName(word, names, what)
	}
	var i int
	if err := json.Unmarshal(b, &i); err != nil {
		return 0, fmt.Errorf("%s is no %s", b, what)
	}
	if i < 0 || i >= len(names) {
		return 0, fmt.Errorf("there is no %s number %d", what, i)
	}
	return i, nil
}
