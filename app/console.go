package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// runConsole is a small SQL shell, for an image without any other tool. It
// reads only, unless it is told --write: the database is a production one.
func runConsole(ctx context.Context, a *app, args []string) error {
	set := flags("console")
	write := set.Bool("write", false, "")
	if _, err := parse(set, args, 0); err != nil {
		return err
	}
	conn, err := a.db.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if !*write {
		if _, err := conn.Exec(ctx, "set default_transaction_read_only = on"); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(a.stdout, "%s; end each statement with ;\n", map[bool]string{true: "WRITING", false: "reading only"}[*write])
	lines := bufio.NewScanner(a.stdin)
	var statement strings.Builder
	for lines.Scan() && ctx.Err() == nil {
		statement.WriteString(lines.Text() + "\n")
		if !strings.HasSuffix(strings.TrimSpace(lines.Text()), ";") {
			continue
		}
		if err := a.query(ctx, conn.Conn(), statement.String()); err != nil {
			_, _ = fmt.Fprintln(a.stdout, "error:", err)
		}
		statement.Reset()
	}
	return lines.Err()
}

func (a *app) query(ctx context.Context, conn *pgx.Conn, statement string) error {
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
		if err := a.table(nil, strings.Join(names, "\t"), len(cells), func(i int) string { return cells[i] }); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(a.stdout, rows.CommandTag())
	return err
}
