package backlog

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// database asks PostgreSQL. It keeps its connection while it has the lock.
type database struct {
	url       string
	namespace string
	longest   time.Duration // that a query takes
	conn      *pgconn.PgConn
	locked    bool // reports whether the connection has the lock
}

// largestMessage in bytes that the server may send: a query of the team's can select anything, and the door has little memory.
const largestMessage = 1 << 16

// lead reports whether this door counts. The lock is the application's own: an attached database may serve several.
func (d *database) lead(ctx context.Context) (bool, error) {
	if d.locked && d.conn.Ping(ctx) == nil {
		return true, nil
	}
	d.close()
	if err := d.connect(ctx); err != nil {
		return false, err
	}
	row, err := d.row(ctx, "select pg_try_advisory_lock(hashtextextended('backlog of ' || $1, 0))", d.namespace)
	d.locked = err == nil && string(row[0]) == "t"
	if !d.locked {
		d.close()
	}
	return d.locked, err
}

func (d *database) connect(ctx context.Context) error {
	config, err := pgconn.ParseConfig(d.url)
	if err != nil {
		return err
	}
	// A query of the team's changes nothing. Times without a zone are in UTC, as Rails and Ecto write them.
	config.RuntimeParams = map[string]string{
		"application_name": "dozen backlog", "default_transaction_read_only": "on", "TimeZone": "UTC",
		"statement_timeout": strconv.FormatInt(d.longest.Milliseconds(), 10),
	}
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		frontend := pgproto3.NewFrontend(r, w)
		frontend.SetMaxBodyLen(largestMessage)
		return frontend
	}
	d.conn, err = pgconn.ConnectConfig(ctx, config)
	return err
}

// count counts the jobs of a source. If the source before has cost the connection, it goes on with another one, without the lock: the
// server may not have noticed yet.
func (d *database) count(ctx context.Context, s Source) (count, error) {
	if d.conn == nil || d.conn.IsClosed() {
		d.close()
		if err := d.connect(ctx); err != nil {
			return count{}, err
		}
	}
	if _, err := d.conn.Exec(ctx, "reset all").ReadAll(); err != nil { // what the query before has set
		return count{}, err
	}
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
	age, err := number(row[1])
	return count{jobs, age, true}, err
}

// row returns the only row of a query's result.
func (d *database) row(ctx context.Context, query string, parameters ...string) ([][]byte, error) {
	var values [][]byte
	for _, p := range parameters {
		values = append(values, []byte(p))
	}
	result := d.conn.ExecParams(ctx, query, values, nil, nil, nil)
	var row [][]byte
	rows := 0
	for ; result.NextRow(); rows++ {
		if rows == 0 {
			for _, value := range result.Values() {
				row = append(row, slices.Clone(value)) // NULL stays nil
			}
		}
	}
	if _, err := result.Close(); err != nil {
		return nil, err
	}
	if rows != 1 || len(row) == 0 {
		return nil, fmt.Errorf("the query returns %d rows with %d columns, and not one row with one or two", rows, len(row))
	}
	return row, nil
}

func (d *database) close() {
	if d.conn != nil {
		ctx, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		_ = d.conn.Close(ctx)
		d.conn, d.locked = nil, false
	}
}

// number reads a number that counts something. NULL is none: it is the age of the oldest of no jobs.
func number(value []byte) (float64, error) {
	if value == nil {
		return 0, nil
	}
	n, err := strconv.ParseFloat(string(value), 64)
	if err != nil || n < 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, fmt.Errorf("the query returns %.50q, and not a number of 0 or more", value)
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
