package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// startupTimeout is how long a client may take to say what it wants, as with PostgreSQL itself.
const startupTimeout = time.Minute

// postgres logs clients in at a PostgreSQL server.
type postgres struct {
	upstream
	database string // of clients that name none
}

// connect answers the client's startup messages, and returns a connection of the server on which the same session begins. Both are
// nil if the client has asked for nothing more than to cancel a query.
func (p *postgres) connect(ctx context.Context, client net.Conn) (net.Conn, error) {
	if err := client.SetReadDeadline(time.Now().Add(startupTimeout)); err != nil {
		return nil, err
	}
	for {
		first, err := readStartup(client)
		switch {
		case err != nil:
			return nil, err
		case first.code == tlsCode || first.code == gssCode:
			if _, err := client.Write([]byte("N")); err != nil { // the loopback needs no encryption
				return nil, err
			}
		case first.code == cancelCode:
			return nil, p.cancel(ctx, first.raw)
		case first.version() == 3:
			return p.begin(ctx, client, first)
		default:
			return nil, refuse(client, "0A000", fmt.Sprintf("protocol version %d.%d is not supported", first.version(), first.code&0xffff))
		}
	}
}

// begin starts a session of the server, and tells the client what the server has told.
func (p *postgres) begin(ctx context.Context, client net.Conn, first startup) (net.Conn, error) {
	session, notices, err := p.login(ctx, first.parameters)
	if err != nil {
		return nil, errors.Join(err, p.explain(client, err))
	}
	if err := client.SetReadDeadline(noDeadline); err != nil {
		return nil, errors.Join(err, session.Conn.Close())
	}
	answer := pgproto3.NewBackend(client, client)
	if newer := unsupported(first); first.code != pgproto3.ProtocolVersion30 || len(newer) > 0 {
		answer.Send(&pgproto3.NegotiateProtocolVersion{UnrecognizedOptions: newer})
	}
	answer.Send(&pgproto3.AuthenticationOk{})
	for _, name := range slices.Sorted(maps.Keys(session.ParameterStatuses)) {
		answer.Send(&pgproto3.ParameterStatus{Name: name, Value: session.ParameterStatuses[name]})
	}
	for _, notice := range notices {
		answer.Send((*pgproto3.NoticeResponse)(response((*pgconn.PgError)(notice))))
	}
	answer.Send(&pgproto3.BackendKeyData{ProcessID: session.PID, SecretKey: session.SecretKey})
	answer.Send(&pgproto3.ReadyForQuery{TxStatus: session.TxStatus})
	if err := answer.Flush(); err != nil {
		return nil, errors.Join(err, session.Conn.Close())
	}
	return session.Conn, nil
}

// login opens a connection with the client's parameters and the secret's login.
func (p *postgres) login(
	ctx context.Context, parameters map[string]string,
) (session *pgconn.HijackedConn, notices []*pgconn.Notice, err error) {
	config, err := pgconn.ParseConfig("sslmode=disable") // its defaults, all of which are set below
	if err != nil {
		return nil, nil, err
	}
	host, port, _ := net.SplitHostPort(p.address)
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return nil, nil, err
	}
	config.Host, config.Port, config.TLSConfig, config.Fallbacks = host, uint16(number), p.tls, nil
	config.ConnectTimeout = connectTimeout
	config.Database = parameters["database"]
	if config.Database == "" {
		config.Database = p.database
	}
	config.RuntimeParams = map[string]string{}
	for name, value := range parameters {
		if name != "user" && name != "database" && !strings.HasPrefix(name, "_pq_.") {
			config.RuntimeParams[name] = value
		}
	}
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { notices = append(notices, notice) }
	err = p.logins.use(ctx, func(known login) error {
		config.User, config.Password = known.Username, known.Password
		conn, err := pgconn.ConnectConfig(ctx, config)
		var reason *pgconn.PgError
		if errors.As(err, &reason) && (reason.Code == "28P01" || reason.Code == "28000") {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		if err != nil {
			return err
		}
		if err := conn.SyncConn(ctx); err != nil {
			return errors.Join(err, conn.Close(ctx))
		}
		session, err = conn.Hijack()
		return err
	})
	return session, notices, err
}

// cancel passes a request to cancel a query on, over a connection of its own.
func (p *postgres) cancel(ctx context.Context, request []byte) error {
	ctx, done := context.WithTimeout(ctx, connectTimeout)
	defer done()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	var accepts [1]byte
	if _, err := conn.Write([]byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}); err != nil { // tlsCode
		return err
	}
	if _, err := conn.Read(accepts[:]); err != nil || accepts[0] != 'S' {
		return errors.Join(err, errors.New("the server does not speak TLS"))
	}
	encrypted := tls.Client(conn, p.tls)
	if _, err := encrypted.Write(request); err != nil {
		return err
	}
	_, err = encrypted.Read(accepts[:]) // the server closes the connection when it has noted the request
	if err != nil && !isEnd(err) {
		return err
	}
	return nil
}

// unsupported returns the options of the protocol that a client asks for: the proxy knows none.
func unsupported(first startup) (options []string) {
	for name := range first.parameters {
		if strings.HasPrefix(name, "_pq_.") {
			options = append(options, name)
		}
	}
	slices.Sort(options)
	return options
}
