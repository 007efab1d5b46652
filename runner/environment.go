package runner

import (
	"brood/runner/spec"
	"fmt"
	"os"
	"slices"
	"strings"
)

// expected is what is kept of the environment in any case.
var expected = []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "TERM", "LANG", "LC_ALL", "LC_CTYPE"}

// environment is that of the workers, and the values in it that are secret.
func environment(l *spec.Limits, id *identity) (env, secrets []string, err error) {
	env = os.Environ()
	if len(l.Env) > 0 {
		env = nil
		for _, name := range expected {
			env = appendVar(env, name)
		}
		for _, e := range l.Env {
			if name, value, given := strings.Cut(e, "="); given {
				env = setVar(env, name, value)
			} else {
				env = appendVar(env, e)
			}
		}
	}
	for i, e := range env {
		if name, value, _ := strings.Cut(e, "="); name == "MAKEFLAGS" || name == "MFLAGS" {
			env[i] = name + "=" + withoutJobserver(value)
		}
	}
	if id != nil {
		env = setVar(env, "HOME", id.user.HomeDir)
		env = setVar(env, "USER", id.user.Username)
		env = setVar(env, "LOGNAME", id.user.Username)
	}
	for _, s := range l.Secrets {
		name, file, inFile := strings.Cut(s, "=")
		value, ok := os.LookupEnv(name)
		if inFile {
			b, err := os.ReadFile(file)
			if err != nil {
				return nil, nil, fmt.Errorf("--secret %s: %w", name, err)
			}
			value, ok = strings.TrimRight(string(b), "\r\n"), true
		}
		if !ok {
			return nil, nil, fmt.Errorf("--secret %s: there is no such variable in the environment, and no file was named", name)
		}
		env, secrets = setVar(env, name, value), append(secrets, value)
	}
	return env, secrets, nil
}

// withoutJobserver takes a jobserver out of MAKEFLAGS that is two descriptors: workers
// do not have them, and a make among their commands would use what stands there
// instead. A jobserver that is a FIFO can be used by anyone. See GNU make, "POSIX
// Jobserver Interaction".
func withoutJobserver(flags string) string {
	words := strings.Fields(flags)
	end := slices.Index(words, "--") // variables follow
	if end < 0 {
		end = len(words)
	}
	isDescriptors := func(w string) bool {
		v, ok := strings.CutPrefix(w, "--jobserver-auth=")
		if !ok {
			v, ok = strings.CutPrefix(w, "--jobserver-fds=")
		}
		return ok && !strings.HasPrefix(v, "fifo:")
	}
	if !slices.ContainsFunc(words[:end], isDescriptors) {
		return flags
	}
	left := slices.DeleteFunc(slices.Clone(words[:end]), func(w string) bool {
		jobs, ok := strings.CutPrefix(w, "-j") // without a jobserver each make would have so many
		return isDescriptors(w) || ok && strings.Trim(jobs, "0123456789") == ""
	})
	return strings.Join(append(left, words[end:]...), " ")
}

func appendVar(env []string, name string) []string {
	if v, ok := os.LookupEnv(name); ok {
		env = setVar(env, name, v)
	}
	return env
}

// setVar sets a variable, which may be there already.
func setVar(env []string, name, value string) []string {
	env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	return append(env, name+"="+value)
}
