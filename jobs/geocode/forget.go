package geocode

import (
	"brood/jobs"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// forgetting is what geocoding knows of places that are forgotten: how well and by whom they were found stays, and where they are
// goes.
func forgetting() *jobs.Forgetting {
	counted := []int{colStatus, colMatch, colPrecision, colProvider, colCached, colQueried, colExpires}
	return &jobs.Forgetting{
		Keep: func(column string) bool {
			name, ours := strings.CutPrefix(column, defaultPrefix)
			return ours && slices.ContainsFunc(counted, func(i int) bool { return columnNames[i] == name })
		},
		Look: func(f *jobs.Finished, _ []jobs.Seq, _ bool) (stays []string, err error) {
			var c config
			if err := json.Unmarshal(f.Config, &c); err != nil {
				return nil, fmt.Errorf("read the configuration of the run: %w", err)
			}
			if c.Cache {
				stays = append(stays, "answers that are kept for other runs, which have addresses and no names: brood cache prune --all removes them")
			}
			return append(stays, "a map that was drawn of the run: draw it again with brood map"), nil
		},
	}
}
