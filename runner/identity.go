package runner

import (
	"brood/runner/spec"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// identity is a user whose rights a worker gets.
type identity struct {
	credential *syscall.Credential
	user       *user.User
}

// credential looks the user up; nil if there is none to become.
func credential(l *spec.Limits) (*identity, error) {
	if l.User == "" {
		return nil, nil
	}
	name, group, withGroup := strings.Cut(l.User, ":")
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("--user: there is no user %s", name)
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("--user %s: only root may become another user", l.User)
	}
	id := &identity{user: u, credential: &syscall.Credential{}}
	gids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("--user: %w", err)
	}
	gid := u.Gid
	if withGroup {
		g, err := user.LookupGroup(group)
		if err != nil {
			return nil, fmt.Errorf("--user: %w", err)
		}
		gid, gids = g.Gid, []string{g.Gid}
	}
	for _, n := range append([]string{u.Uid, gid}, gids...) {
		v, err := strconv.ParseUint(n, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("--user %s: its number is %q", l.User, n)
		}
		id.credential.Groups = append(id.credential.Groups, uint32(v))
	}
	id.credential.Uid, id.credential.Gid = id.credential.Groups[0], id.credential.Groups[1]
	id.credential.Groups = id.credential.Groups[2:]
	return id, nil
}
