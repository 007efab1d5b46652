// Package link joins what machines say to each other (package remote) to the network that carries it (package bus). It is imported by main
// alone: who does not need the network should not have to load it.
package link

import (
	"brood/runner/remote"
	"brood/runner/remote/bus"
	"brood/runner/remote/token"
	"context"
	"errors"
)

// Network is the network.
func Network() *remote.Network { return &remote.Network{Open: open, Join: join} }

// hub is a coordinator's end.
type hub struct{ *bus.Hub }

func (h hub) Work(ctx context.Context, machine string, number uint64, once bool, body []byte) error {
	err := h.Hub.Work(ctx, machine, number, once, body)
	if errors.Is(err, bus.ErrFull) {
		return remote.ErrFull
	}
	return err
}

func open(ctx context.Context, s *remote.HubSetting) (remote.Hub, error) {
	o := bus.HubOptions{
		Run: s.Run, Epoch: s.Epoch, Listen: s.Listen, URL: s.URL, Creds: s.Creds, Login: bus.Login(s.Login), Lease: s.Lease, Ask: s.Desk.Ask, Lost: s.Lost, Logf: s.Logf,
		Letter: func(l bus.Letter) { s.Desk.Letter(l.Machine, l.Epoch, l.Body) },
	}
	if s.Identity != "" {
		var err error
		if o.Identity, err = token.Open(s.Identity); err != nil {
			return nil, err
		}
	}
	h, err := bus.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return hub{h}, nil
}

func join(ctx context.Context, s *remote.PortSetting) (remote.Port, error) {
	o := bus.PortOptions{
		Addr: s.Addr, URL: s.URL, Creds: s.Creds, Login: bus.Login(s.Login), Run: s.Run, Machine: s.Machine, Told: s.Told, Up: s.Up, Lost: s.Lost, Logf: s.Logf,
		Work: func(_ uint64, body []byte) { s.Told(body) },
	}
	if s.Token != "" {
		var err error
		if o.Token, err = token.Parse(s.Token); err != nil {
			return nil, err
		}
	}
	return bus.Join(ctx, o)
}
