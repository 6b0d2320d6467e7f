// Package logging writes structured log lines, and carries ids (request, event, job) in a context, so that one search
// finds every line about an event.
package logging

import (
	"context"
	"io"
	"log/slog"
)

type key struct{}

// New returns a logger in the given format ("json" or "text").
func New(out io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: withUnit}
	if format == "json" {
		return slog.New(handler{slog.NewJSONHandler(out, options)})
	}
	return slog.New(handler{slog.NewTextHandler(out, options)})
}

// withUnit gives a duration its unit, such as 1.5s; in JSON it would be a number of nanoseconds.
func withUnit(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// With returns a context that adds the given attributes to every line logged with it.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	before, _ := ctx.Value(key{}).([]slog.Attr)
	return context.WithValue(ctx, key{}, append(before[:len(before):len(before)], attrs...))
}

// handler adds the context's attributes to each record.
type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, record slog.Record) error {
	if attrs, ok := ctx.Value(key{}).([]slog.Attr); ok {
		record.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, record)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
