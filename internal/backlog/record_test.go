package backlog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5"
)

// A record is what the door reads of a library's jobs: tables in SQL, keys as commands of Redis in JSON. A time is written as the
// minutes between it and the making of the record, in tens of minutes.

// recorded is the file with the record of a library.
func recorded(kind string) string {
	ending := ".sql"
	if libraries[kind].keys != "" || kind == "sidekiq" {
		ending = ".json"
	}
	return filepath.Join("testdata", "recorded", kind+ending)
}

// replay writes the jobs of a record, as of a time.
func replay(t *testing.T, kind string, from time.Time, database *pgx.Conn, cache redis.Conn) {
	t.Helper()
	text, err := os.ReadFile(recorded(kind))
	must(t, err)
	if strings.HasSuffix(recorded(kind), ".sql") {
		execute(t, database, fmt.Sprintf("create or replace function minutes(n int) returns timestamptz stable language sql as "+
			"$$ select to_timestamp(%d) + n * interval '1 minute' $$", from.Unix()))
		execute(t, database, "set timezone = 'UTC';"+string(text))
		return
	}
	for line := range strings.Lines(string(text)) {
		var command []any
		must(t, json.Unmarshal([]byte(line), &command))
		for i, word := range command {
			command[i] = written.ReplaceAllStringFunc(word.(string), func(text string) string {
				match := written.FindStringSubmatch(text)
				minutes, _ := strconv.Atoi(match[2])
				return units[match[1]].write(from.Add(time.Duration(minutes) * time.Minute))
			})
		}
		do(t, cache, command[0].(string), command[1:]...)
	}
}

// table is one whose columns are recorded.
type table struct{ name, columns string }

func recordTables(t *testing.T, conn *pgx.Conn, tables []table) []byte {
	t.Helper()
	var text bytes.Buffer
	for _, from := range tables {
		if schema, _, ok := strings.Cut(from.name, "."); ok {
			fmt.Fprintf(&text, "create schema %s;\n", schema)
		}
		result, err := conn.Query(t.Context(), "select "+from.columns+" from "+from.name, pgx.QueryExecModeSimpleProtocol)
		must(t, err)
		var columns, rows []string
		for _, field := range result.FieldDescriptions() {
			kind := "text" // such as an enumeration
			if found, ok := conn.TypeMap().TypeForOID(field.DataTypeOID); ok {
				kind = found.Name
			}
			columns = append(columns, field.Name+" "+kind)
		}
		for result.Next() {
			var row []string
			for i, value := range result.RawValues() {
				switch {
				case value == nil:
					row = append(row, "null")
				case strings.HasSuffix(columns[i], " timestamptz"):
					at, err := time.Parse("2006-01-02 15:04:05.999999999Z07", string(value))
					must(t, err)
					row = append(row, fmt.Sprintf("minutes(%d)", tens(at)))
				default:
					row = append(row, "'"+string(value)+"'")
				}
			}
			rows = append(rows, "("+strings.Join(row, ", ")+")")
		}
		must(t, result.Err())
		slices.Sort(rows)
		fmt.Fprintf(&text, "create table %s (%s);\ninsert into %s values\n\t%s;\n", from.name, strings.Join(columns, ", "), from.name,
			strings.Join(rows, ",\n\t"))
	}
	return text.Bytes()
}

func recordKeys(t *testing.T, conn redis.Conn, keys string, fields []string) []byte {
	t.Helper()
	all, err := redis.Strings(conn.Do("KEYS", "*"))
	must(t, err)
	slices.Sort(all)
	var text bytes.Buffer
	for _, key := range all {
		if !regexp.MustCompile(keys).MatchString(key) {
			continue
		}
		kind, err := redis.String(conn.Do("TYPE", key))
		must(t, err)
		read := map[string][]any{
			"list": {"LRANGE", key, 0, -1}, "set": {"SMEMBERS", key}, "zset": {"ZRANGE", key, 0, -1, "WITHSCORES"}, "hash": {"HGETALL", key},
		}[kind]
		write := map[string]string{"list": "RPUSH", "set": "SADD", "zset": "ZADD", "hash": "HSET"}[kind]
		values, err := redis.Strings(conn.Do(read[0].(string), read[1:]...))
		must(t, err)
		command := []string{write, key}
		switch kind {
		case "list", "set":
			for _, value := range values {
				command = append(command, shortened(value))
			}
		default:
			for i := 0; i < len(values); i += 2 {
				if kind == "zset" {
					command = append(command, timed(values[i+1]), shortened(values[i]))
				} else if fields == nil || slices.Contains(fields, values[i]) {
					command = append(command, shortened(values[i]), timed(shortened(values[i+1])))
				}
			}
		}
		if kind == "set" {
			slices.Sort(command[2:])
		}
		if len(command) > 2 {
			encoder := json.NewEncoder(&text)
			encoder.SetEscapeHTML(false)
			must(t, encoder.Encode(command))
		}
	}
	return text.Bytes()
}

var random = regexp.MustCompile(`[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}`)

// shortened leaves out what is large or random.
func shortened(value string) string {
	if len(value) > 300 {
		return "message"
	}
	return random.ReplaceAllString(value, "id")
}

// unit is how a library writes a time: as a number of nanoseconds, or else as text.
type unit float64

var units = map[string]unit{"seconds": 1e9, "millis": 1e6, "nanos": 1, "millis<<12": 1e6 / 4096.0, "text": 0}

const asText = "2006-01-02T15:04:05.000000Z"

func (u unit) read(text string) (time.Time, bool) {
	if u == 0 {
		at, err := time.Parse(asText, text)
		return at, err == nil
	}
	n, err := strconv.ParseFloat(text, 64)
	at := time.Unix(0, int64(n*float64(u)))
	return at, err == nil && time.Until(at).Abs() < 24*time.Hour
}

func (u unit) write(at time.Time) string {
	if u == 0 {
		return at.UTC().Format(asText)
	}
	return strconv.FormatFloat(float64(at.UnixNano())/float64(u), 'f', 0, 64)
}

var written = regexp.MustCompile(`\{(seconds|millis|nanos|millis<<12|text)([+-]\d+)\}`)

// timed writes a time as a record does, and anything else as it is.
func timed(value string) string {
	for name, u := range units {
		if at, ok := u.read(value); ok {
			return fmt.Sprintf("{%s%+d}", name, tens(at))
		}
	}
	return value
}

// tens are the minutes from now, in tens of minutes.
func tens(at time.Time) int { return int(math.Round(time.Until(at).Minutes()/10)) * 10 }
