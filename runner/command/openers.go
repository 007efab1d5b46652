package command

import (
	"brood/runner/queue"
	"brood/runner/queue/beanstalk"
	sqltable "brood/runner/queue/table"
	"context"
)

// openers connect to each kind of queue.
var openers = map[queue.Scheme]func(context.Context, queue.Spec) (queue.Client, error){
	queue.Beanstalk: beanstalk.Open,
	queue.MySQL:     sqltable.Open,
	queue.Postgres:  sqltable.Open,
	queue.SQLite:    sqltable.Open,
}
