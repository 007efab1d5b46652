// Package pipe begins workers of the job pipe early, see package early.
package pipe

import (
	"brood/jobs/pipe"
	"brood/worker/early"
)

func init() { early.Run(pipe.Definition, "pipe") }
