package local

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/internal/local/localtest"
)

// testPrinter prints to the returned transcript, and logs to the home.
func testPrinter(t *testing.T) (*printer, Home, *localtest.Transcript) {
	t.Helper()
	home, out := Home{filepath.Join(t.TempDir(), "dev")}, &localtest.Transcript{}
	p, err := newPrinter(out, home.Logs(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, home, out
}

// Prevents: a line ends up in two, or the start of one at the end of another, because output arrives in pieces.
func TestLinesAreWholeWhateverPiecesTheyArriveIn(t *testing.T) {
	for size := 1; size < 12; size++ {
		p, _, out := testPrinter(t)
		task := p.task("web", "web-1")
		for piece := range slices.Chunk([]byte("one\n\ntwo and\nthree"), size) {
			if n, err := task.Write(piece); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if last := strings.Join(task.tail(), "|"); last != "one||two and|three" {
			t.Errorf("in pieces of %d: the last lines are %q", size, last)
		}
		if want := "web-1       | one\nweb-1       | \nweb-1       | two and\nweb-1       | three\n"; out.String() != want {
			t.Errorf("in pieces of %d: printed %q", size, out)
		}
	}
}

// Prevents: a task that prints 125 MiB without a newline takes 225 MiB of memory and 8 seconds.
func TestALineWithoutEndCostsLittle(t *testing.T) {
	p, _, out := testPrinter(t)
	task, piece := p.task("web", "web-1"), []byte(strings.Repeat("x", 32<<10))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range 125 << 20 / len(piece) {
		_, _ = task.Write(piece)
	}
	runtime.ReadMemStats(&after)
	allocated := (after.TotalAlloc - before.TotalAlloc) >> 10
	t.Logf("125 MiB: %d KiB allocated, %s", allocated, time.Since(began))
	if allocated > 4<<10 {
		t.Errorf("125 MiB without a newline: %d KiB were allocated, want less than 4 MiB", allocated)
	}
	_, _ = task.Write([]byte("y\nnext\n"))
	printed := strings.Split(out.String(), "\n")
	if len(printed) != 3 || !strings.HasSuffix(printed[0], "x ... (the rest is left out: a line may have 64 KiB)") || printed[1] != "web-1       | next" {
		t.Errorf("%d lines are printed, the second is %.80q", len(printed), printed[min(1, len(printed)-1)])
	}
	if n := strings.Count(printed[0], "x"); n != longestLine {
		t.Errorf("%d bytes of the line are printed, want %d", n, longestLine)
	}
}

// Prevents: a line of just the longest length is cut, or one byte more is not.
func TestTheLongestLineIsWhole(t *testing.T) {
	for _, extra := range []int{0, 1} {
		p, _, out := testPrinter(t)
		_, _ = p.task("web", "web-1").Write([]byte(strings.Repeat("x", longestLine+extra) + "\nnext\n"))
		if cut := strings.Contains(out.String(), "left out"); cut != (extra == 1) || !strings.HasSuffix(out.String(), "| next\n") {
			t.Errorf("a line of %d bytes: cut is %v", longestLine+extra, cut)
		}
	}
}

// Prevents: a task that logs in a loop overnight fills the disk; or `dozen logs -f` stops at the end of the first file.
func TestLogsAreBoundedAndCanBeFollowed(t *testing.T) {
	p, home, _ := testPrinter(t)
	p.out = io.Discard
	task, seen := p.task("web", "web-1"), &localtest.Transcript{}
	text := strings.Repeat("x", 32<<10)
	_, _ = fmt.Fprintln(task, "the first line")
	ctx, stop := context.WithCancel(t.Context())
	followed := make(chan error, 1)
	go func() { followed <- Logs(ctx, home, nil, true, seen) }()
	write := func(lines int, last string) {
		for range lines {
			_, _ = fmt.Fprintln(task, text)
		}
		_, _ = fmt.Fprintln(task, last)
		eventually(t, last, func() bool { return strings.Contains(seen.String(), "| "+last+"\n") })
	}
	const file = longestLog / (32 << 10)
	for number := range 5 {
		write(file*2/3, fmt.Sprintf("mark %d", number))
	}
	stop()
	if err := localtest.Receive(t, "the follower ends", followed); err != nil {
		t.Error(err)
	}
	if n := strings.Count(seen.String(), text); n != 5*(file*2/3) {
		t.Errorf("the follower has seen %d lines, want %d", n, 5*(file*2/3))
	}
	entries, err := os.ReadDir(home.Logs())
	if err != nil || len(entries) != 2 {
		t.Fatalf("files %v, %v; want two", entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Size() > longestLog || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has %d bytes and mode %s", entry.Name(), info.Size(), info.Mode())
		}
	}
	var all strings.Builder
	if err := Logs(t.Context(), home, []string{"web"}, false, &all); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(all.String(), "the first line") || !strings.Contains(all.String(), "earlier lines are in web.log.old") {
		t.Error("the log does not say that it was cut")
	}
	if three, four := strings.Index(all.String(), "mark 3"), strings.Index(all.String(), "mark 4"); three < 0 || four < three {
		t.Error("the log does not have the last lines in order")
	}
}
