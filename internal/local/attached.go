package local

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"dozen/internal/assembly"
	"dozen/internal/backing"
)

// attached is what the environment's processes are attached to: their database, cache, buckets and secrets.
type attached struct {
	settings  Settings
	env       *assembly.Environment
	address   string // of the load balancer, host:port
	authority *backing.Authority
	secrets   *backing.Secrets
	aws       *backing.AWS
	database  *backing.Database
	cache     *backing.Cache
	notes     []string // for the person at the terminal
}

// attach starts everything that the templates describe. What it has started is stopped again when something fails.
func attach(ctx context.Context, settings Settings, env *assembly.Environment, port int) (a *attached, err error) {
	a = &attached{settings: settings, env: env, address: host + ":" + strconv.Itoa(port)}
	defer func() {
		if err != nil {
			a.stop()
		}
	}()
	for _, start := range []func(context.Context) error{a.startAuthority, a.startAWS, a.startDatabase, a.startCache} {
		if err := start(ctx); err != nil {
			return a, err
		}
	}
	return a, nil
}
