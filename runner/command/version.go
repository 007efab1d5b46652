package command

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// What a release says of itself: make sets them with -ldflags -X. They are empty in what go build or
// go install have made alone, and then what those have noted counts.
var (
	buildVersion string // 1.2.3
	buildCommit  string // 40 hexadecimal digits
	buildDate    string // of the commit, RFC 3339
)

// versionFallback is the version of a build that nobody has given one.
const versionFallback = "devel"

// shownCommit is how much of a commit is shown.
const shownCommit = 12

// Build says which brood this is.
type Build struct {
	Version string `json:"version"`
	// Commit is that of the sources, empty where the build does not know it, and Date when it was made. Modified says
	// that the sources were others than those of the commit.
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// ReadBuild is this brood.
func ReadBuild() Build {
	info, _ := debug.ReadBuildInfo()
	return buildOf(info)
}

// buildOf puts together what make has set and what the linker has noted, which is nil if it has noted nothing.
func buildOf(info *debug.BuildInfo) Build {
	b := Build{Version: buildVersion, Commit: buildCommit, Date: buildDate, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if b.Version != "" || info == nil {
		b.Version = cmp.Or(b.Version, versionFallback)
		return b
	}
	b.Version = versionFallback
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String is what stands behind "brood version".
func (b Build) String() string {
	var more []string
	if b.Commit != "" {
		commit := "commit " + b.Commit[:min(shownCommit, len(b.Commit))]
		if b.Modified {
			commit += " and changes"
		}
		more = append(more, commit)
	}
	if t, err := time.Parse(time.RFC3339, b.Date); err == nil {
		more = append(more, t.UTC().Format(time.DateOnly))
	}
	more = append(more, b.Go, b.OS+"/"+b.Arch)
	return fmt.Sprintf("%s (%s)", b.Version, strings.Join(more, ", "))
}

// Version is the version of this build, as far as it knows it.
func Version() string { return ReadBuild().Version }

func (e *env) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the version",
		Description: "The version, the commit and the day of the sources, Go's version, and for which\nmachine it was built.\n\nExample:\n   brood version\n   brood version --json",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print a JSON object"}},

		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage("See: brood version --help", "brood version takes no arguments")
			}
			if c.Bool("json") {
				return e.printJSON(ReadBuild())
			}
			cli.ShowVersion(c)
			return nil
		},
	}
}
