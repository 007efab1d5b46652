package sink

import (
	"fmt"
	"os"
)

// nameOf is what an open file is called now; empty: not known.
func nameOf(f *os.File) string {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return ""
	}
	return name
}
