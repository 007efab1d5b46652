// Package front answers brood --help before the rest of brood is initialised: it imports next
// to nothing, so that it comes early in the order in which packages are, see package early of
// the workers.
//
// Its text is the one that package command writes for brood help, which comes as far as main.
// A test of whole runs holds that they are equal, and writes the file anew with -update.
package front

import (
	_ "embed"
	"os"
)

//go:embed help.txt
var help string

func init() {
	if len(os.Args) != 2 || os.Args[1] != "--help" && os.Args[1] != "-h" {
		return
	}
	// If nothing can be written, main tries again, and says why.
	if _, err := os.Stdout.WriteString(help); err == nil {
		os.Exit(0)
	}
}
