package command

import (
	"brood/jobs"
	"brood/runner/spec"
	"bufio"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

func yesFlag() cli.Flag {
	return &cli.BoolFlag{Name: "yes", Usage: "yes, repeating a record does as little harm as --effect says", Category: groupEngine}
}

// effectFlags are the flags by which a run that goes on has another effect.
func effectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "effect", Usage: "from now on, repeating a record costs as little as `EFFECT`: none or keyed; asks for --yes", Category: groupEngine},
		yesFlag(),
	}
}

// lower lets a run go on with an effect by which repeating a record costs less, if that is
// asked for and meant.
func (e *env) lower(c *cli.Context, cfg *spec.Config) error {
	if !c.IsSet("effect") {
		return nil
	}
	to, err := jobs.ParseEffect(c.String("effect"))
	switch {
	case err != nil:
		return usage("", "--effect: %w", err)
	case to == cfg.Effect:
		return nil
	case to > cfg.Effect:
		return usage("Begin another run for that, with --run OTHER.",
			"--effect %s: run %s goes on with %s, and an effect can only be lowered: what it has done so far was not watched over like that", to, cfg.Name, cfg.Effect)
	}
	means := "the far side knows a record again by its key"
	if to == jobs.EffectNone {
		means = "repeating a record does no harm"
	}
	question := fmt.Sprintf("--effect %s says that %s, and until now that of run %s was %s", to, means, cfg.Name, cfg.Effect)
	if !c.Bool("yes") && !e.agrees(question) {
		return usage("If that is so, say --yes.", "%s", question)
	}
	return cfg.Lower(to, time.Now(), whoami())
}

// agrees asks whoever sits at the terminal, once.
func (e *env) agrees(question string) bool {
	if !e.agreed && e.stderr.IsTerminal() && term.IsTerminal(int(e.stdin.Fd())) {
		e.terminal.Logf("%s. Is that so? [y/N]", question)
		line, _ := bufio.NewReader(e.stdin).ReadString('\n') // what cannot be read is no yes
		word := strings.ToLower(strings.TrimSpace(line))
		e.agreed = word == "y" || word == "yes"
	}
	return e.agreed
}
