package command

import (
	"brood/runner/home"
	"brood/runner/remote/token"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"
)

func (e *env) tokenCommand() *cli.Command {
	return &cli.Command{
		Name: "token", Usage: "let a machine join a run, or not any more", ArgsUsage: "[NAME] [MACHINE]",
		Description: `Prints a token, by which a machine may join the run NAME as MACHINE (or m1, m2, …)
and no other. It is a secret: keep it in a file that nobody else can read.

Example:
   brood token fleet web2 -o web2.token
   brood token fleet --list
   brood token fleet --revoke web2`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the token to `FILE`, which nobody else may read, and which must not be there"},
			&cli.StringFlag{Name: "revoke", Usage: "the token of `MACHINE` is worth nothing from now on"},
			&cli.BoolFlag{Name: "list", Usage: "list who may join"},
		},
		OnUsageError: usageError,
		Action:       e.token,
	}
}

func (e *env) token(c *cli.Context) error {
	state, err := home.State(c.String("state"))
	if err != nil {
		return usage("", "%w", err)
	}
	if c.NArg() == 0 || c.NArg() > 2 {
		return usage("For example: brood token fleet web2 -o web2.token", "name the run, and the machine if its name matters")
	}
	run := c.Args().First()
	if err := home.CheckName(run); err != nil {
		return usage("", "%w", err)
	}
	id, err := identity(state, run)
	if err != nil {
		return err
	}
	if m := c.String("revoke"); m != "" {
		if err := id.Revoke(m); err != nil {
			return usage("Who may join is listed by: brood token "+run+" --list", "%w", err)
		}
		return nil
	}
	all, err := id.List()
	if err != nil {
		return err
	}
	if c.Bool("list") {
		for _, m := range all {
			if m.Revoked.IsZero() {
				_, _ = fmt.Fprintln(e.stdout, m.Name)
			}
		}
		return nil
	}
	name := c.Args().Get(1)
	for n := 1; name == ""; n++ {
		if next := fmt.Sprintf("m%d", n); !slices.ContainsFunc(all, func(m token.Machine) bool { return m.Name == next }) {
			name = next
		}
	}
	if err := token.CheckMachine(name); err != nil {
		return usage("For example: brood token "+run+" web2 -o web2.token", "%w", err)
	}
	t, err := id.Issue(name)
	if err != nil {
		return usage("Take back the one there is with: brood token "+run+" --revoke "+name, "%w", err)
	}
	if path := c.String("output"); path != "" {
		return writeToken(path, t, id)
	}
	_, err = fmt.Fprintln(e.stdout, t.Text())
	return err
}

// writeToken writes a token into a new file that nobody else may read. Where that fails the token is worth nothing.
func writeToken(path string, t *token.Token, id *token.Identity) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, t.Text())
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return errors.Join(usage("Give it another name with -o.", "write the token: %w", err), id.Revoke(t.Machine))
	}
	return nil
}
