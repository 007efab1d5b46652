package jobs

// File is a file of the run's machine that a job's workers open, or write to.
type File struct {
	// Path is what the configuration calls it, by which workers look for it: see package files.
	Path string
	// At is where it is on the run's machine; empty: at Path.
	At  string
	Use FileUse
}

// FileUse says what workers of other machines do with a file.
type FileUse string

// What they do.
const (
	FileRead   FileUse = ""       // they read it: it is sent to them
	FileSecret FileUse = "secret" // it is sent to them, and comes to no disk there
	FileThere  FileUse = "there"  // they have one of their own, at the same path: a directory, say, or a program
	FileWrite  FileUse = "write"  // they write to one of their own, at the same path
)
