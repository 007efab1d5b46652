package bundle

import (
	"brood/runner/home"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is one of the files of a run's directory.
type file struct {
	Name string `json:"name"` // "other" for what is none of brood's
	Size int64  `json:"size"`
	Mode string `json:"mode"`
}

// knownFiles are the names that brood gives, up to the first dot or the first digit.
var knownFiles = []string{"ledger", "lock", "workers", "summary", "log", "control", "stdin", "groups", "results", "notes", "keys", "begun", "spool"}

// listFiles lists the files of a run's directory.
func listFiles(state, name string) ([]file, error) {
	dir := home.RunPath(state, name)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []file
	for _, e := range entries {
		st, err := os.Lstat(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // gone meanwhile
		}
		out = append(out, file{shownName(e.Name()), st.Size(), st.Mode().String()})
	}
	return out, nil
}

// shownName is the name of a file if brood has given it.
func shownName(name string) string {
	if i := strings.IndexAny(name+".", ".-0123456789"); slices.Contains(knownFiles, name[:i]) && known(name[i:]) {
		return name
	}
	return "other"
}

// known reports whether what follows a known name is brood's: numbers, and extensions that brood gives.
func known(rest string) bool {
	for _, part := range strings.FieldsFunc(rest, func(r rune) bool { return r == '.' || r == '-' }) {
		if strings.Trim(part, "0123456789") != "" && !slices.Contains([]string{"db", "wal", "shm", "seal", "lock", "json", "sock", "data", "old", "csv", "tsv", "jsonl", "txt"}, part) {
			return false
		}
	}
	return true
}
