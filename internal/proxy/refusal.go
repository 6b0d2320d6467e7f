package proxy

import (
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// explain tells the client why it gets no session: in the server's words if there are any.
func (p *postgres) explain(client net.Conn, err error) error {
	var reason *pgconn.PgError
	if errors.As(err, &reason) {
		return send(client, response(reason))
	}
	// What clients take for temporary: a server that is away comes back.
	return refuse(client, "57P03", fmt.Sprintf("the proxy has no connection to %s: %s", p.address, withoutLogin(err)))
}

// withoutLogin returns an error's innermost words: pgconn's own begin with the user and the database.
func withoutLogin(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

// refuse sends an error of the proxy itself.
func refuse(client net.Conn, code, message string) error {
	return send(client, &pgproto3.ErrorResponse{
		Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: code, Message: message,
	})
}

func send(client net.Conn, message pgproto3.BackendMessage) error {
	answer := pgproto3.NewBackend(client, client)
	answer.Send(message)
	return answer.Flush()
}

// response is an error of the server as it came.
func response(e *pgconn.PgError) *pgproto3.ErrorResponse {
	return &pgproto3.ErrorResponse{
		Severity: e.Severity, SeverityUnlocalized: e.SeverityUnlocalized, Code: e.Code, Message: e.Message, Detail: e.Detail,
		Hint: e.Hint, Position: e.Position, InternalPosition: e.InternalPosition, InternalQuery: e.InternalQuery, Where: e.Where,
		SchemaName: e.SchemaName, TableName: e.TableName, ColumnName: e.ColumnName, DataTypeName: e.DataTypeName,
		ConstraintName: e.ConstraintName, File: e.File, Line: e.Line, Routine: e.Routine,
	}
}
