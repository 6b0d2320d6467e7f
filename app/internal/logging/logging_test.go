package logging

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Prevents: "took":12457209, which nobody can read without the source.
func TestDurationsHaveAUnit(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		var out strings.Builder
		New(&out, format, slog.LevelInfo).With("lag", 3*time.Second).Info("migrated", "took", 12457209*time.Nanosecond)
		for _, want := range []string{"12.457209ms", "3s"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %s in %s", format, want, out.String())
			}
		}
	}
}
