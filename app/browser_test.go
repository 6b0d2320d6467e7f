package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"dozen/app/internal/operator"
	"dozen/app/internal/testsuite"
)

// browser starts a headless Chromium. If none is installed, the test prints a note and is skipped; in CI it fails.
func browser(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no Chromium found: install it")
		}
		fmt.Fprintln(os.Stderr, "NOTE: no Chromium found; the operators' page was not tested in a browser")
		t.Skip("no Chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WindowSize(1200, 900),
		chromedp.UserDataDir(t.TempDir()), chromedp.Env("TMPDIR="+t.TempDir()), chromedp.Flag("no-sandbox", os.Getuid() == 0),
		// The page must work without scripts.
		chromedp.Flag("blink-settings", "scriptEnabled=false"))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, done := chromedp.NewContext(allocator)
	t.Cleanup(done)
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// screenshot saves a picture in the directory DOZEN_SCREENSHOTS, for the README.
func screenshot(t *testing.T, name string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		dir := os.Getenv("DOZEN_SCREENSHOTS")
		if dir == "" {
			return nil
		}
		var picture []byte
		if err := chromedp.CaptureScreenshot(&picture).Do(ctx); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
	})
}

// An operator at night logs in, finds the event by the id that the sender gave, sees what went wrong, and replays it.
func TestOperatorReplaysAnEventInABrowser(t *testing.T) {
	w := newWorld(t)
	env := w.env.with("CACHE_URL", testsuite.Valkey(t).URL())
	web := start(t, env, "web")
	start(t, env, "worker")
	web.until("/readyz", 200, 10*time.Second)
	if err := operator.Add(t.Context(), w.db, "ada@example.com", "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, 1)
	var event string
	for _, key := range []string{"order-1041", "order-1042", "order-1043"} {
		id, err := post(client, web.url("/in/demo"), key, []byte(`{"order": "`+key+`", "total": "41.90"}`))
		if err != nil {
			t.Fatal(err)
		}
		if key == "order-1042" {
			event = id
		}
	}
	testsuite.Eventually(t, 15*time.Second, func() error { return w.settled(t.Context()) })

	var list, detail string
	err := chromedp.Run(browser(t),
		chromedp.Navigate(web.url("/")),
		chromedp.WaitVisible(`input[name=email]`),
		screenshot(t, "login"),
		chromedp.SendKeys(`input[name=email]`, "ada@example.com"),
		chromedp.SendKeys(`input[name=password]`, "correct horse battery"),
		chromedp.Click(`main button`),
		chromedp.WaitVisible(`input[name=q]`),
		screenshot(t, "events"),
		chromedp.SendKeys(`input[name=q]`, "order-1042"),
		chromedp.Click(`.filter button`),
		chromedp.WaitVisible(`input[name=q][value="order-1042"]`),
		chromedp.Text(`tbody`, &list),
		chromedp.Click(`tbody a`),
		chromedp.WaitVisible(`.state.delivered`),
		chromedp.Click(`td form button`),
		chromedp.WaitVisible(`.notice.good`),
		screenshot(t, "event"),
		chromedp.Text(`main`, &detail),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{list, detail} {
		if !strings.Contains(text, event) {
			t.Errorf("event %s is not in %q", event, text)
		}
	}
	testsuite.Eventually(t, 10*time.Second, func() error { return atLeast(int64(w.sink.received()[event]), 2) })
}
