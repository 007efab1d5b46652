package seal

import "golang.org/x/sys/unix"

// BootID is the identity of this boot of the machine; empty: not known.
func BootID() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}
