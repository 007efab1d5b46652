package command

import "github.com/urfave/cli/v2"

// The names of a flag are asked for by package cli whenever it looks for one, by a regular expression
// each time: with some hundred flags that was a tenth of what a run of one record takes. Of the kinds
// that most are of they are found once.

// stringFlag is a flag that knows its names.
type stringFlag struct {
	*cli.StringFlag
	names []string
}

func (f *stringFlag) Names() []string {
	if f.names == nil {
		f.names = f.StringFlag.Names()
	}
	return f.names
}

// sliceFlag is the same of a flag that may be given several times.
type sliceFlag struct {
	*cli.StringSliceFlag
	names []string
}

func (f *sliceFlag) Names() []string {
	if f.names == nil {
		f.names = f.StringSliceFlag.Names()
	}
	return f.names
}

// knowNames makes the flags of commands know their names.
func knowNames(commands []*cli.Command) {
	for _, c := range commands {
		for i, f := range c.Flags {
			switch f := f.(type) {
			case *cli.StringFlag:
				c.Flags[i] = &stringFlag{StringFlag: f}
			case *cli.StringSliceFlag:
				c.Flags[i] = &sliceFlag{StringSliceFlag: f}
			}
		}
		knowNames(c.Subcommands)
	}
}
