package command

import (
	"brood/runner/queue"
	"brood/runner/queue/beanstalk"
	"brood/runner/queue/gearman"
	"brood/runner/queue/redis"
	sqltable "brood/runner/queue/table"
	"context"
)

// openers connect to each kind of queue.
var openers = map[queue.Scheme]func(context.Context, queue.Spec) (queue.Client, error){
	queue.Beanstalk: beanstalk.Open,
	queue.Gearman:   gearman.Open,
	queue.Redis:     redis.Open,
	queue.MySQL:     sqltable.Open,
	queue.Postgres:  sqltable.Open,
	queue.SQLite:    sqltable.Open,
}
