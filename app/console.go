package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// runConsole is a small SQL shell, because the image contains no other tool. It is read-only without --write, because
// the database may be a production one.
func runConsole(ctx context.Context, a *app, args []string) error {
	set := newFlags("console")
	write := set.Bool("write", false, "")
	if _, err := parse(set, args, 0); err != nil {
		return err
	}
	conn, err := a.db.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	mode := "read-write"
	if !*write {
		mode = "read-only"
		if _, err := conn.Exec(ctx, "set default_transaction_read_only = on"); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(a.stdout, "The session is %s. End each statement with a semicolon.\n", mode)
	lines := bufio.NewScanner(a.stdin)
	var statement strings.Builder
	for lines.Scan() && ctx.Err() == nil {
		statement.WriteString(lines.Text() + "\n")
		if !strings.HasSuffix(strings.TrimSpace(lines.Text()), ";") {
			continue
		}
		if err := a.printQuery(ctx, conn.Conn(), statement.String()); err != nil {
			_, _ = fmt.Fprintln(a.stdout, "error:", err)
		}
		statement.Reset()
	}
	return lines.Err()
}

// printQuery runs a statement and prints its rows.
func (a *app) printQuery(ctx context.Context, conn *pgx.Conn, statement string) error {
	rows, err := conn.Query(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return err
	}
	defer rows.Close()
	var names []string
	for _, field := range rows.FieldDescriptions() {
		names = append(names, field.Name)
	}
	var cells []string
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		var row []string
		for _, value := range values {
			row = append(row, fmt.Sprint(value))
		}
		cells = append(cells, strings.Join(row, "\t"))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(names) > 0 {
		head := strings.Join(names, "\t")
		if err := a.printTable(nil, head, len(cells), func(i int) string { return cells[i] }); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(a.stdout, rows.CommandTag())
	return err
}
