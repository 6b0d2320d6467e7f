package backlog

import (
	"context"
	"errors"
	"time"

	"github.com/gomodule/redigo/redis"
)

// cache asks Redis or Valkey.
type cache struct {
	address   string
	namespace string
	every     time.Duration
	conn      redis.Conn
}

// lead reports whether this door counts in this minute.
func (c *cache) lead(ctx context.Context) (bool, error) {
	c.close() // of the minute before
	if err := c.connect(ctx); err != nil {
		return false, err
	}
	// It expires before the next minute, though the doors' clocks differ by seconds.
	reply, err := redis.DoContext(c.conn, ctx, "SET", "dozen:backlog:"+c.namespace, "counted", "NX", "PX", (c.every * 3 / 4).Milliseconds())
	if err != nil || reply == nil {
		c.close()
		return false, err
	}
	return true, nil
}

func (c *cache) connect(ctx context.Context) (err error) {
	c.conn, err = redis.DialContext(ctx, "tcp", c.address, redis.DialReadTimeout(c.every), redis.DialWriteTimeout(c.every))
	return err
}

// count counts the jobs of a source. It connects again if the source before has cost the connection.
func (c *cache) count(ctx context.Context, s Source) (count, error) {
	if c.conn == nil || c.conn.Err() != nil {
		c.close()
		if err := c.connect(ctx); err != nil {
			return count{}, err
		}
	}
	r := &reader{ctx: ctx, conn: c.conn}
	result := lists[s.Kind](r, s.Queues, time.Now())
	return result, r.err
}

// reader asks one thing after the other, and keeps the first error.
type reader struct {
	ctx  context.Context
	conn redis.Conn
	err  error
}

func ask[T any](r *reader, convert func(any, error) (T, error), command string, arguments ...any) (answer T) {
	if r.err == nil {
		answer, r.err = convert(redis.DoContext(r.conn, r.ctx, command, arguments...))
		if errors.Is(r.err, redis.ErrNil) { // there is no such key
			r.err = nil
		}
	}
	return answer
}

func (r *reader) number(command string, arguments ...any) float64 {
	return float64(ask(r, redis.Int64, command, arguments...))
}

func (r *reader) text(command string, arguments ...any) string {
	return ask(r, redis.String, command, arguments...)
}

func (r *reader) texts(command string, arguments ...any) []string {
	return ask(r, redis.Strings, command, arguments...)
}

func (c *cache) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}
