// Package echo begins workers of the job echo early, see package early.
package echo

import (
	"brood/jobs/echo"
	"brood/worker/early"
)

func init() { early.Run(echo.Definition, "echo") }
