package proc

// Confinement is what the kernel holds each child to, together with all that it
// starts: see [Family.Confine].
type Confinement struct {
	Mem       int64 // bytes; 0 is no limit
	Processes int   // 0 is no limit
}
