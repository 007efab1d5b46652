// Command site makes the documentation a small static site: README, what stands in docs/, and the files of the source that they link to.
//
// It promises that the same files give the same bytes; that every link and anchor inside resolves, as it ends with an error where one does not;
// and that a page loads nothing but what is beside it. It reads no clock and asks no network.
//
//	go run ./testdata/site -source . -out bin/site
//	go run ./testdata/site -screen top.ansi -out docs/pictures/top.svg
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	source := flag.String("source", ".", "the `folder` of brood's source")
	out := flag.String("out", "bin/site", "where the site goes, whose old files are removed; with -screen the picture")
	screen := flag.String("screen", "", "draw a `file` with what tmux capture-pane -e -p has printed")
	flag.Parse()
	var err error
	if *screen != "" {
		err = drawFile(*screen, *out)
	} else {
		err = build(*source, *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "site:", err)
		os.Exit(1)
	}
}
