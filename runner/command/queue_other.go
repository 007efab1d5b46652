package command

import (
	"os"
	"strings"

	"github.com/urfave/cli/v2"
)

// insteadOf is what there is in place of a kind of queue that brood does not read; empty: it is none that is known.
func insteadOf(scheme string) string {
	switch scheme {
	case "amqp", "amqps", "sqs", "kafka", "nats", "stomp", "mqtt", "pulsar", "mongodb", "mongodb+srv", "sqlserver", "oracle":
		return "It reads beanstalk, gearman, redis, mysql, postgres and sqlite. Take the jobs out with their own client, and put them into one of these: … | brood queue put URL."
	case "tcp", "pheanstalk":
		return "The kind of the queue stands first, as in beanstalk://127.0.0.1/tube."
	case "pgsql":
		return "It is postgres://USER@HOST/DB?table=NAME."
	case "http", "https":
		return "A list of addresses is a file of them: brood run http --url {} FILE."
	}
	return ""
}

// otherQueue refuses what looks like the URL of a queue, and is of a kind that brood does not read.
func otherQueue(c *cli.Context) error {
	for _, arg := range c.Args().Slice() {
		scheme, _, found := strings.Cut(arg, "://")
		hint := insteadOf(strings.ToLower(scheme))
		if !found || hint == "" {
			continue
		}
		if _, err := os.Lstat(arg); err != nil {
			return usage(hint, "%s is no kind of queue that brood reads, and no file of that name is there", scheme)
		}
	}
	return nil
}
