package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
)

// redis logs clients in at a Redis or Valkey server.
type redis struct{ upstream }

// longestReply limits the answer to AUTH, in bytes.
const longestReply = 1024

// connect returns a connection of the server that is logged in.
func (r *redis) connect(ctx context.Context, client net.Conn) (server net.Conn, err error) {
	err = r.logins.use(ctx, func(known login) error {
		server, err = r.login(ctx, known)
		return err
	})
	var reply serverError
	if errors.As(err, &reply) {
		_, _ = client.Write([]byte(string(reply) + "\r\n")) // the answer to the client's first command, whatever that is
	}
	return server, err
}

// serverError is an answer of the server that is an error: "-", a code and a message.
type serverError string

func (e serverError) Error() string { return strings.TrimPrefix(string(e), "-") }

func (r *redis) login(ctx context.Context, known login) (_ net.Conn, err error) {
	ctx, done := context.WithTimeout(ctx, connectTimeout)
	defer done()
	conn, err := (&tls.Dialer{Config: r.tls}).DialContext(ctx, "tcp", r.address)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = conn.Close()
		}
	}()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(conn, "*3\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n",
		len(known.Username), known.Username, len(known.Password), known.Password); err != nil {
		return nil, err
	}
	reply, err := readLine(conn)
	switch {
	case err != nil:
		return nil, err
	case strings.HasPrefix(reply, "-WRONGPASS"), strings.HasPrefix(reply, "-NOAUTH"), strings.HasPrefix(reply, "-ERR invalid"):
		return nil, fmt.Errorf("%w: %w", errRefused, serverError(reply))
	case strings.HasPrefix(reply, "-"):
		return nil, serverError(reply)
	case reply != "+OK":
		return nil, fmt.Errorf("the server answered %.20q to AUTH", reply)
	}
	return conn, conn.SetDeadline(noDeadline)
}

// readLine reads a line and not a byte more.
func readLine(conn net.Conn) (string, error) {
	var line []byte
	var one [1]byte
	for len(line) < longestReply {
		if _, err := conn.Read(one[:]); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		line = append(line, one[0])
	}
	return "", fmt.Errorf("the server answered more than %d bytes to AUTH", longestReply)
}
