package remote

import (
	"context"
	"time"
)

// Login is who logs in to a NATS cluster, if not by credentials: a user, or whoever has a token.
type Login struct{ User, Password, Token string }

// HubSetting is what a coordinator's end of the network is made of.
type HubSetting struct {
	Run   string
	Epoch int64
	// Listen is the address of a server of its own, and Identity the directory that says who may join it.
	Listen, Identity string
	// URL and Creds are those of a NATS cluster that is there, in place of that, and Login is who logs in without Creds.
	URL, Creds string
	Login      Login
	Lease      time.Duration
	Desk       *Desk
	// Lost is called if the network has ended by itself.
	Lost func(error)
	Logf func(format string, args ...any)
}

// Hub is a coordinator's end.
type Hub interface {
	Post
	// Addr is where machines join.
	Addr() string
	Close() error
}

// PortSetting is what a machine's end of the network is made of.
type PortSetting struct {
	// Addr is the coordinator's, and Token what it has issued.
	Addr, Token string
	// URL, Creds, Run and Machine are for a NATS cluster that is there, in place of that.
	URL, Creds, Run, Machine string
	Login                    Login
	Told                     func(body []byte)
	Up                       func()
	Lost                     func(error)
	Logf                     func(format string, args ...any)
}

// Port is a machine's end.
type Port interface {
	Sayer
	Ask(ctx context.Context, body []byte) ([]byte, error)
	Enter(ctx context.Context, epoch int64) error
	Close() error
}

// Network is how machines reach each other. It is handed over by main: who does not use it should not have to load it.
type Network struct {
	Open func(ctx context.Context, s *HubSetting) (Hub, error)
	Join func(ctx context.Context, s *PortSetting) (Port, error)
}
