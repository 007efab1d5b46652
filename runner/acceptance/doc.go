// Package acceptance tests whole runs: it has no code, only tests.
package acceptance
