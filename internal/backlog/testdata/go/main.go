// Command jobs writes jobs of River or asynq, and is busy with one of them. See ../../libraries_test.go.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	run := map[string]func() error{"river": river, "asynq": queue}[os.Args[1]]
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}
