package exec

import "golang.org/x/sys/unix"

// maxArguments is how much the arguments and the environment of a program may have together:
// a quarter of the stack, within the bounds that Linux has for it.
func maxArguments() int {
	const least, most = 128 << 10, 6 << 20
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_STACK, &lim) != nil {
		return least
	}
	return int(min(max(lim.Cur/4, least), most))
}
