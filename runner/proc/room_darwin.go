package proc

// addressRoom is not limited on macOS.
func addressRoom() (left, limit uint64, limited bool) { return 0, 0, false }

// ThreadRoom is not known on macOS.
func ThreadRoom() (left int, limited bool) { return 0, false }
