// Command answers is a server that answers every request with its path, as JSON.
//
//	answers ADDRESS
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"path":%q}`, r.URL.Path)
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Args[1], nil)) //nolint:gosec // it serves a measurement
	os.Exit(1)
}
