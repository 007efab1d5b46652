package sink

import "os"

// nameOf is what an open file is called now; empty: not known.
func nameOf(*os.File) string { return "" }
