// Package exec begins workers of the job exec early, see package early.
package exec

import (
	"brood/jobs/exec"
	"brood/worker/early"
)

func init() { early.Run(exec.Definition, "exec") }
