package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"

	"github.com/aws/jsii-runtime-go"
)

// call calls the construct library, which throws every failure as a panic, and returns it as an error: the library's own
// sentence after the line of ours that it is about.
func call(part func()) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("%s%s", thrower(), strings.TrimSpace(fmt.Sprint(thrown)))
		}
	}()
	part()
	return nil
}

// thrower returns the line in stacks/ that was running when the library threw, such as "stacks/data/storage.go:31: ", or
// "" if there is none, because the library was writing the assembly.
func thrower() string {
	callers := make([]uintptr, 100)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	for frame, more := frames.Next(); more; frame, more = frames.Next() {
		name, _, _ := strings.Cut(path.Base(frame.Function), ".")
		if directory := path.Join(path.Dir(frame.Function), name); strings.HasPrefix(directory, "dozen/stacks") {
			return fmt.Sprintf("%s/%s:%d: ", strings.TrimPrefix(directory, "dozen/"), path.Base(frame.File), frame.Line)
		}
	}
	return ""
}

// closeLibrary ends the library's Node process and removes its temporary files. jsii waits for the process twice, and one of
// the two then reports on os.Stderr what looks like a crash; only that line is dropped.
func closeLibrary() {
	stderr := os.Stderr
	reader, writer, err := os.Pipe()
	if err != nil {
		jsii.Close()
		return
	}
	os.Stderr = writer
	written := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(reader)
		written <- all
	}()
	jsii.Close()
	_ = writer.Close() // jsii's line may come later still, and is then lost in a closed file
	_, _ = stderr.Write(bytes.ReplaceAll(<-written, []byte("Runtime process exited abnormally: waitid: no child processes"), nil))
}
