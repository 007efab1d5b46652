//go:build linux && !amd64 && !arm64

package exec

type starting struct{ plainly bool }

func (r *runner) prepare() {
	r.system.starting.plainly = true // for want of assembly
	hearNoChild()
}

func (r *runner) start(path string, in, out, errs int) (pid, pidfd int, err error) {
	return r.startPlain(path, in, out, errs)
}
