package exec

// maxArguments is how much the arguments and the environment of a program may have together:
// ARG_MAX.
func maxArguments() int { return 1 << 20 }
