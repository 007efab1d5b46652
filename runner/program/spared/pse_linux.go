package spared

import (
	"syscall"
	_ "unsafe" // for go:linkname
)

// The record of a package that main imports by way of package link.
//
//go:linkname pse github.com/nats-io/nats-server/v2/server/pse..inittask
var pse record

// elsewhere is command.ElsewhereVariable, which this package must not import: then it would be too late.
const elsewhere = "BROOD_ELSEWHERE"

func init() {
	if _, set := syscall.Getenv(elsewhere); !set {
		pse.spare()
	}
}
