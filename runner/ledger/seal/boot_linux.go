package seal

import (
	"os"
	"strings"
)

// BootID is the identity of this boot of the machine; empty: not known.
func BootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
