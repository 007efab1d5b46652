package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// connect makes a connection that is ready for an agent: with brood there, and the coordinator.
func (a *Agent) connect(ctx context.Context) (l *link, err error) {
	if l, err = dial(ctx, a.host, a.options.Family, a.given); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.close()
			l = nil
		}
	}()
	b, err := a.options.Binaries.find(a.host.Name, l.found.OS, l.found.Arch)
	if err != nil {
		return l, err
	}
	copied, err := l.install(ctx, b)
	if err != nil {
		return l, err
	}
	if copied {
		a.say("brood was copied there (%d KiB)", b.size>>10)
	}
	a.mu.Lock()
	a.binary = b
	a.mu.Unlock()
	before := a.addr
	if a.addr, err = l.forward(ctx, a.options.Target, a.options.Socket, a.port); err != nil {
		return l, err
	}
	if _, port, isPort := strings.Cut(a.addr, "127.0.0.1:"); isPort {
		a.port, _ = strconv.Atoi(port)
	}
	if l.found.Agent != 0 && !strings.HasPrefix(a.addr, "unix:") && a.addr != before {
		// It cannot find back: it is asked to finish, and its notes stay.
		a.say("agent %d is asked to leave, as it cannot be reached at its port any more", l.found.Agent)
		if err = a.end(ctx, l); err != nil {
			return l, err
		}
		l.found.Agent = 0
	}
	return l, nil
}

// start starts the agent, unless it is there.
func (a *Agent) start(ctx context.Context, l *link) error {
	if l.found.Agent != 0 {
		a.say("agent %d is there already", l.found.Agent)
		return nil
	}
	g := a.given.with(given{"hash": a.binary.hash})
	g["inner"] = a.given.script(innerScript)
	g["begin"] = a.given.with(given{"inner": g["inner"]}).script(beginScript)
	args := a.options.Command(a.addr, l.found.Dir+"/state")
	said, err := l.run(ctx, bytes.NewReader(a.options.Token), startScript, g, args...)
	if err != nil {
		return err
	}
	if _, err := fmt.Sscanf(said, "agent %d", &l.found.Agent); err != nil {
		status, _ := a.rest(ctx, l)
		return fmt.Errorf("%s: the agent was not started (%s): %q", a.host.Name, status, said)
	}
	a.say("agent %d", l.found.Agent)
	return nil
}

// unable are the exit statuses after which an agent is not started again, as it would end so again:
// those of brood join for wrong usage and for one that is not let in, of sysexits.h wrong usage, data,
// rights and configuration, and of a shell what cannot be run.
var unable = [...]string{"2", "64", "65", "77", "78", "126", "127"}

// lived is how long an agent or a connection has to last so that the next try is a first one.
const lived = time.Minute

// keep sees to it that there is a connection and an agent, until the agent has ended for good, or
// nothing is to be started any more. What connection there is then it leaves to who waits for it.
func (a *Agent) keep(l *link) {
	defer close(a.ended)
	defer func() {
		a.setLink(nil)
		a.left = l
	}()
	try := 0
	for {
		since := time.Now()
		err := a.watch(l)
		if time.Since(since) >= lived {
			try = 0
		}
		status := alive
		if err == nil {
			status, err = a.rest(a.stopping, l)
		}
		switch {
		case a.stopping.Err() != nil:
			return
		case err != nil:
			a.setLink(nil)
			l.close()
			l = nil
			a.say("%v", reason(err))
		case status == alive: // only the watch has gone
		case a.leaving.Load() || a.judge(status):
			return
		default:
			l.found.Agent = 0
		}
		if l = a.again(l, &try); l == nil {
			return
		}
	}
}

// reason is an error without the name of the host.
func reason(err error) string {
	var lost *LinkError
	if errors.As(err, &lost) {
		return lost.Reason
	}
	return err.Error()
}

// judge says whether an agent that has ended so is not to be started again, and keeps why.
func (a *Agent) judge(status string) (over bool) {
	switch {
	case status == "0":
		return true
	case strings.Contains(" "+strings.Join(unable[:], " ")+" ", " "+status+" "):
		a.why = fmt.Errorf("%s: the agent ended with exit status %s, and would again", a.host.Name, status)
		if status == "126" || status == "127" {
			a.why = fmt.Errorf("%s: brood cannot be run there (exit status %s); if the file system of ~/.cache is noexec, set XDG_CACHE_HOME there", a.host.Name, status)
		}
		a.say("%s", strings.TrimPrefix(a.why.Error(), a.host.Name+": "))
		return true
	}
	a.say("the agent has died (exit status %s), and is started again", status)
	return false
}

// again connects and starts until there is an agent. It returns nil when nothing is to be started
// any more.
func (a *Agent) again(l *link, try *int) *link {
	said := ""
	for {
		*try++
		if !a.pause(*try) {
			if l != nil {
				l.close()
			}
			return nil
		}
		var err error
		if l == nil {
			l, err = a.connect(a.stopping)
		}
		if err == nil && (l.found.Agent != 0 || !a.leaving.Load()) {
			err = a.start(a.stopping, l)
		}
		if err == nil {
			a.setLink(l)
			return l
		}
		a.setLink(nil)
		if l != nil {
			l.close()
			l = nil
		}
		if text := reason(err); text != said && a.stopping.Err() == nil {
			said = text
			a.say("%s; tried again", text)
		}
	}
}

// pause waits before a try. It reports false when there is to be none.
func (a *Agent) pause(try int) bool {
	wait := time.NewTimer(a.options.Pause(try))
	defer wait.Stop()
	select {
	case <-a.stopping.Done():
		return false
	case <-wait.C:
		return true
	}
}

// watch hears what the agent says until it has ended, which is nil, or the connection has.
func (a *Agent) watch(l *link) error {
	p, err := l.session(a.stopping, watchScript, given{"from": strconv.FormatInt(a.read+1, 10)})
	if err != nil {
		return err
	}
	if err := a.hear(p.Out); err != nil {
		p.end()
		return err
	}
	if err := p.wait(); err != nil {
		return err
	}
	if p.status() != 0 {
		return l.lost(a.stopping, p)
	}
	return nil
}

// alive is said of an agent that has not ended, in place of an exit status.
const alive = "alive"

// rest hears the last that the agent has said, and returns its exit status, or alive.
func (a *Agent) rest(ctx context.Context, l *link) (status string, err error) {
	said, err := l.run(ctx, nil, endedScript, given{"from": strconv.FormatInt(a.read+1, 10)})
	if err != nil {
		return "", err
	}
	status, log, _ := strings.Cut(said, "\n")
	return status, a.hear(strings.NewReader(log))
}

// mostLine is how much of a line is passed on at a time.
const mostLine = 4 << 10

// hear passes on lines. What of the last one has come is a line too, as there may be no more.
func (a *Agent) hear(r io.Reader) error {
	var line []byte
	flush := func() {
		if a.options.Heard != nil {
			a.options.Heard(a.host, string(line))
		}
		line = line[:0]
	}
	buf := make([]byte, mostLine)
	for {
		n, err := r.Read(buf)
		a.read += int64(n)
		for _, c := range buf[:n] {
			if c == '\n' {
				flush()
			} else if line = append(line, c); len(line) == mostLine {
				flush()
			}
		}
		if err != nil {
			if len(line) > 0 {
				flush()
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func (a *Agent) say(format string, args ...any) {
	if a.options.Say != nil {
		a.options.Say(a.host, fmt.Sprintf(format, args...))
	}
}

// end ends the agent: it is asked, and then killed.
func (a *Agent) end(ctx context.Context, l *link) error {
	said, err := l.run(ctx, nil, stopScript, given{"grace": strconv.Itoa(int(max(a.options.Grace, time.Second) / time.Second))})
	if err != nil {
		return err
	}
	if how := strings.TrimSpace(said); how == "killed" {
		a.say("the agent did not leave, and was killed")
	}
	return nil
}

// Stop ends the agent, which was told to leave: it waits until it has, or ctx ends; what is left
// then is ended. Its folder is removed when it has left as it should. Stop or Leave must be called,
// once.
func (a *Agent) Stop(ctx context.Context) error {
	a.leaving.Store(true)
	select {
	case <-a.ended:
	case <-ctx.Done():
	}
	a.stop()
	a.wg.Wait()
	// What is done here must be done, however late it is.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.options.Grace+30*time.Second)
	defer cancel()
	l := a.left
	if l == nil {
		var err error
		if l, err = dial(ctx, a.host, a.options.Family, a.given); err != nil {
			return fmt.Errorf("%w\nan agent may be left there; it ends itself when it has not heard of its run for long", err)
		}
	}
	defer l.close()
	if err := a.end(ctx, l); err != nil {
		return err
	}
	status, err := a.rest(ctx, l)
	if err != nil || status != "0" {
		return err // it may have answers that nobody has
	}
	cleanup := ""
	if a.options.Cleanup {
		cleanup = "yes"
	}
	_, err = l.run(ctx, nil, clearScript, given{"cleanup": cleanup})
	return err
}

// Leave lets go of the host without ending the agent: the run goes on later.
func (a *Agent) Leave() {
	a.stop()
	a.wg.Wait()
	if a.left != nil {
		a.left.close()
	}
}
