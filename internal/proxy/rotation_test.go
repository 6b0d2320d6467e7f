package proxy_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5"
)

// Prevents: a rotated password stops an app that has never heard of rotation. Every query here opens a connection of its own, in
// each of the two orders in which a rotation changes the server and the secret.
func TestRotationsUnderLoad(t *testing.T) {
	s := newSecrets()
	a := start(t, s, nil)
	database, cache := a.query(t), a.dial(t)
	defer change(t, database, cache, password)
	var connections atomic.Int64
	var load sync.WaitGroup
	ended := make(chan struct{})
	for range 4 {
		load.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
				}
				if err := ask(t, a); err != nil {
					t.Error(err)
					return
				}
				connections.Add(1)
			}
		})
	}
	for n := range 20 {
		next := fmt.Sprintf("password-%d", n)
		if n%2 == 0 { // as Secrets Manager does: pending, server, current
			s.set("database", "AWSPENDING", "app", next)
			s.set("cache", "AWSPENDING", "app", next)
			change(t, database, cache, next)
			more(t, &connections, 8)
		}
		s.set("database", "AWSCURRENT", "app", next)
		s.set("cache", "AWSCURRENT", "app", next)
		if n%2 == 1 { // as a person does: the secret first
			change(t, database, cache, next)
		}
		more(t, &connections, 8)
	}
	close(ended)
	load.Wait()
	t.Logf("%d connections in 20 rotations, %d reads of the secrets", connections.Load(), s.reads)
}

func ask(t *testing.T, a addresses) error {
	conn, err := pgx.Connect(t.Context(), a.url())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := one(conn.QueryRow(t.Context(), "select 1")); err != nil {
		return err
	}
	other, err := redis.DialURLContext(t.Context(), "redis://"+a.cache)
	if err != nil {
		return err
	}
	defer func() { _ = other.Close() }()
	_, err = other.Do("PING")
	return err
}

// more waits for connections that are opened from now on.
func more(t *testing.T, connections *atomic.Int64, count int64) {
	t.Helper()
	want := connections.Load() + count
	eventually(t, "more connections succeed", func() bool { return t.Failed() || connections.Load() >= want })
}

func change(t *testing.T, database *pgx.Conn, cache redis.Conn, next string) {
	t.Helper()
	if _, err := database.Exec(t.Context(), "alter role app password '"+next+"'"); err != nil {
		t.Error(err)
	}
	if _, err := cache.Do("ACL", "SETUSER", "app", "resetpass", ">"+next); err != nil {
		t.Error(err)
	}
}
