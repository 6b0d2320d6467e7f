package backlog

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// database asks PostgreSQL. It keeps its connection while it has the lock.
type database struct {
	url       string
	namespace string
	conn      *pgconn.PgConn
}

// Settings of the session: a query of the team's changes nothing, and does not go on for longer than the door waits. Times without
// a zone are in UTC, as Rails and Ecto write them.
var session = map[string]string{
	"application_name": "dozen backlog", "default_transaction_read_only": "on", "statement_timeout": "20s", "TimeZone": "UTC",
}

// lead reports whether this door counts. The lock is the application's own: an attached database may serve several.
func (d *database) lead(ctx context.Context) (bool, error) {
	if d.conn != nil {
		return true, nil
	}
	config, err := pgconn.ParseConfig(d.url)
	if err != nil {
		return false, err
	}
	config.RuntimeParams = session
	config.ConnectTimeout = 10 * time.Second
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	d.conn = conn
	row, err := d.row(ctx, "select pg_try_advisory_lock(hashtextextended('backlog of ' || $1, 0))", d.namespace)
	if err != nil || row[0] != "t" {
		d.close()
		return false, err
	}
	return true, nil
}

// count counts the jobs of a source.
func (d *database) count(ctx context.Context, s Source) (count, error) {
	query, parameters := s.Query, []string{}
	if s.Kind != ownQuery {
		query, parameters = counted(s.Kind), []string{array(s.Queues)}
	}
	row, err := d.row(ctx, query, parameters...)
	if err != nil {
		return count{}, err
	}
	jobs, err := number(row[0])
	if err != nil || len(row) == 1 {
		return count{jobs: jobs}, err
	}
	seconds, err := number(row[1])
	return count{jobs, time.Duration(seconds * float64(time.Second)), true}, err
}

// row returns the only row of a query's result. It closes the connection if it cannot go on.
func (d *database) row(ctx context.Context, query string, parameters ...string) ([]string, error) {
	var values [][]byte
	for _, p := range parameters {
		values = append(values, []byte(p))
	}
	result := d.conn.ExecParams(ctx, query, values, nil, nil, nil).Read()
	if d.conn.IsClosed() {
		d.conn = nil
	}
	if result.Err != nil {
		return nil, result.Err
	}
	if len(result.Rows) != 1 {
		return nil, fmt.Errorf("the query returns %d rows, and not one", len(result.Rows))
	}
	var row []string
	for _, value := range result.Rows[0] {
		row = append(row, string(value))
	}
	return row, nil
}

func (d *database) close() {
	if d.conn != nil {
		ctx, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		_ = d.conn.Close(ctx)
		d.conn = nil
	}
}

// number reads a number that counts something. NULL is none.
func number(text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, fmt.Errorf("the query returns %.50q, and not a number of 0 or more", text)
	}
	return n, nil
}

// array writes a list of strings as PostgreSQL reads it.
func array(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}
